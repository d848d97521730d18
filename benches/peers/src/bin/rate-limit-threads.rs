//! What a limit costs while a second thread asks as well, by how much the two have in common. Prints a Markdown
//! table.

use std::{
    convert::Infallible,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::Barrier,
    thread,
    time::Duration,
};

use battlement_benches::{Bare, request};
use battlement_core::{ClientIp, RequestFacts, Via};
use battlement_rate_limit::{
    Ask, Handle, Headers, Key, KeyHash, Memory, Policies, Policy, RateLimitLayer,
};
use bytes::Bytes;
use futures_util::FutureExt;
use governor::{Quota, RateLimiter};
use http::{Request, Response};
use http_body_util::Full;
use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use tokio::time::Instant;
use tower::{Layer, Service};

const ROUNDS: usize = 31;
const DECISIONS: u32 = 400_000;
const REQUESTS: u32 = 60_000;

/// Nanoseconds of one decision.
#[derive(Clone, Copy)]
struct Times {
    /// What the thread was on the processor for: what else the machine does is not in it.
    cpu: f64,
    wall: f64,
}

fn main() {
    println!(
        "| | keys | one thread, CPU ns (wall) | two, CPU ns (wall) | ratio of CPU (p25–p75) | of wall |"
    );
    println!("|---|---|---|---|---|---|");
    decisions("decision, a store each", [[0, 1], [1, 2]], true);
    decisions("decision", [[0, 1], [1, 2]], false);
    decisions("decision", [[0, 1_000], [1_000, 2_000]], false);
    decisions("decision", [[0, 100_000], [100_000, 200_000]], false);
    decisions("decision", [[0, 1], [0, 1]], false);
    governors([[0, 1_000], [1_000, 2_000]]);
    requests("request, no layer", [[0, 1_000], [1_000, 2_000]], Bare);
    let layer = || RateLimitLayer::new(policies(), Key::client_ip());
    let bare = || layer().headers(Headers::None).layer(Bare);
    requests("request", [[0, 1], [1, 2]], bare());
    requests("request", [[0, 1_000], [1_000, 2_000]], bare());
    requests("request", [[0, 1], [0, 1]], bare());
    requests("request, both headers", [[0, 1_000], [1_000, 2_000]], layer().layer(Bare));
}

/// So much that nobody is turned away, and so slow to come back that no key is forgotten meanwhile.
fn policies() -> Policies {
    Policy::per_minute("many", 1).burst(100_000_000).into()
}

/// Decisions of the store alone, by keys of each thread from one number to before another.
fn decisions(what: &str, keys: [[u32; 2]; 2], apart: bool) {
    let (_, handle) = RateLimitLayer::new(policies(), Key::client_ip()).pair();
    let stores = [Memory::default(), Memory::default()];
    let hashes = keys.map(|[from, to]| (from..to).map(|n| hash(&handle, n)).collect::<Vec<_>>());
    row(what, keys, DECISIONS, |thread, count| {
        let store = if apart { &stores[thread] } else { &stores[0] };
        let (policies, at) = (policies(), Instant::now());
        for key in hashes[thread].iter().cycle().take(count as usize) {
            black_box(store.take(&Ask::new(*key, &policies, 1, at)));
        }
    });
}

/// The same by what governor keeps its keys in, which reads its clock for each.
fn governors(keys: [[u32; 2]; 2]) {
    let quota = Quota::per_second(NonZeroU32::MAX);
    let limiter = RateLimiter::keyed(quota);
    row("decision, governor", keys, DECISIONS, |thread, count| {
        let [from, to] = keys[thread];
        for key in (from..to).cycle().take(count as usize) {
            let _ = black_box(limiter.check_key(&address(key)));
        }
    });
}

/// Requests from their making to the head of their answer.
fn requests<S, B>(what: &str, keys: [[u32; 2]; 2], service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync,
{
    row(what, keys, REQUESTS, |thread, count| {
        let (mut service, [from, to]) = (service.clone(), keys[thread]);
        for key in (from..to).cycle().take(count as usize) {
            let _ = black_box(service.call(of_client(key)).now_or_never());
        }
    });
}

fn of_client(key: u32) -> Request<Full<Bytes>> {
    let mut request = request();
    let facts = RequestFacts::starting(Instant::now());
    facts.set_client(ClientIp::new(address(key), Via::Peer));
    request.extensions_mut().insert(facts);
    request
}

fn address(key: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(key))
}

fn hash(handle: &Handle, key: u32) -> KeyHash {
    handle.key(&of_client(key)).expect("an address")
}

/// One thread, and two, in turns; the first turn is not counted.
fn row(what: &str, keys: [[u32; 2]; 2], count: u32, run: impl Fn(usize, u32) + Sync) {
    let turns: Vec<[Times; 2]> = (0..=ROUNDS)
        .map(|turn| [threads(&[turn % 2], count, &run), threads(&[0, 1], count, &run)])
        .skip(1)
        .collect();
    let of = |value: fn(&[Times; 2]) -> f64, part| {
        let mut values: Vec<f64> = turns.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() * part / 4]
    };
    let ratio: fn(&[Times; 2]) -> f64 = |[one, two]| two.cpu / one.cpu;
    let keys = if keys[0] == keys[1] {
        "the same".to_owned()
    } else {
        format!("{} each", keys[0][1] - keys[0][0])
    };
    println!(
        "| {what} | {keys} | {:.0} ({:.0}) | {:.0} ({:.0}) | {:.2} ({:.2}–{:.2}) | {:.2} |",
        of(|[one, _]| one.cpu, 2),
        of(|[one, _]| one.wall, 2),
        of(|[_, two]| two.cpu, 2),
        of(|[_, two]| two.wall, 2),
        of(ratio, 2),
        of(ratio, 1),
        of(ratio, 3),
        of(|[one, two]| two.wall / one.wall, 2),
    );
}

/// These at once, each on a core of its own: the mean of them.
fn threads(which: &[usize], count: u32, run: &(impl Fn(usize, u32) + Sync)) -> Times {
    let barrier = &Barrier::new(which.len());
    let timed = |thread| {
        hold(thread);
        barrier.wait();
        let (cpu, wall) = (on_cpu(), Instant::now());
        run(thread, count);
        let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
        Times { cpu: each(on_cpu() - cpu), wall: each(wall.elapsed()) }
    };
    let times: Vec<Times> = thread::scope(|scope| {
        let threads: Vec<_> = which.iter().map(|thread| scope.spawn(|| timed(*thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mean = |value: fn(&Times) -> f64| times.iter().map(value).sum::<f64>() / times.len() as f64;
    Times { cpu: mean(|times| times.cpu), wall: mean(|times| times.wall) }
}

/// Keeps this thread on a core, if the machine has as many.
fn hold(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

/// How long this thread has been on a processor.
fn on_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
