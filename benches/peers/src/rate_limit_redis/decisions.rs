use std::{pin::Pin, process, time::Duration};

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;
use tokio::{task::JoinSet, time::Instant};

use super::{bare, ours, peer, redis_process};
use crate::measure::{cores::Core, cpu, median::Median};

const CALLERS: [u64; 4] = [1, 16, 64, 256];
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(300);
const RUN: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_millis(100);
/// The number of customers, each with a limit of its own.
const KEYS: u64 = 10_000;

/// A way of deciding in Redis whether a request is allowed.
pub(super) struct Candidate {
    name: &'static str,
    round: Box<dyn Fn(u64, Duration) -> Round>,
}

type Round = Pin<Box<dyn Future<Output = Result<Vec<Duration>>>>>;

impl Candidate {
    /// Creates a candidate. `decide` must return an error for a denied request, because only allowed requests are
    /// compared.
    pub(super) fn new<F, D>(name: &'static str, decide: F) -> Self
    where
        F: Fn(u64) -> D + Clone + Send + 'static,
        D: Future<Output = Result<()>> + Send + 'static,
    {
        let round =
            Box::new(move |callers, time| Box::pin(round(decide.clone(), callers, time)) as Round);
        Self { name, round }
    }
}

/// Runs one round with `callers` tasks, and returns the time of each decision.
async fn round<F, D>(decide: F, callers: u64, time: Duration) -> Result<Vec<Duration>>
where
    F: Fn(u64) -> D + Clone + Send + 'static,
    D: Future<Output = Result<()>> + Send + 'static,
{
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let decide = decide.clone();
        tasks.spawn(async move {
            let (mut times, mut key, mut now) =
                (Vec::new(), caller * KEYS / callers, Instant::now());
            while now < end {
                decide(key).await?;
                key = (key + 1) % KEYS;
                let done = Instant::now();
                times.push(done - now);
                now = done;
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.append(&mut done??);
    }
    Ok(times)
}

/// The figures of one round of a candidate.
struct Figures {
    per_second: f64,
    micros: f64,
    redis_micros: f64,
    p50: f64,
    p99: f64,
}

pub(super) async fn compare() -> Result<()> {
    Core(1).pin()?;
    let redis = Redis::start().await?;
    redis_process::pin(&redis, Core(0)).await?;
    let candidates = candidates(&redis.url()).await?;
    println!("### Decisions\n");
    println!(
        "| callers | | decisions/s (min–max) | vs. bare | CPU µs each | Redis CPU µs each | vs. bare | p50 µs | p99 µs |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for callers in CALLERS {
        for candidate in &candidates {
            (candidate.round)(callers, WARM_UP).await?;
        }
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut figures = Vec::new();
            for candidate in &candidates {
                figures.push(measure(candidate, callers, &redis).await?);
            }
            rounds.push(figures);
        }
        for (at, candidate) in candidates.iter().enumerate() {
            println!("{}", row(callers, candidate.name, &rounds, at));
        }
    }
    println!();
    Ok(())
}

/// Runs one candidate, for use under a profiler.
pub(super) async fn run(name: &str, callers: &str) -> Result<()> {
    Core(1).pin()?;
    let redis = Redis::start().await?;
    redis_process::pin(&redis, Core(0)).await?;
    let candidates = candidates(&redis.url()).await?;
    let candidate = candidates.iter().find(|candidate| candidate.name == name);
    let candidate = candidate.with_context(|| format!("unknown candidate {name:?}"))?;
    let times = (candidate.round)(callers.parse()?, RUN).await?;
    let seconds = cpu::process_seconds(process::id())?;
    println!("{} decisions, {:.1} µs each", times.len(), seconds * 1e6 / times.len() as f64);
    Ok(())
}

async fn candidates(url: &str) -> Result<[Candidate; 4]> {
    Ok([
        bare::candidate(url).await?,
        ours::unbatched(url)?,
        ours::batched(url)?,
        peer::candidate(url).await?,
    ])
}

async fn measure(candidate: &Candidate, callers: u64, redis: &Redis) -> Result<Figures> {
    let before = redis_process::seconds(redis).await?;
    let own = cpu::process_seconds(process::id())?;
    let start = Instant::now();
    let mut times = (candidate.round)(callers, ROUND).await?;
    let elapsed = start.elapsed();
    let own = cpu::process_seconds(process::id())? - own;
    let redis_seconds = redis_process::seconds(redis).await? - before;
    times.sort_unstable();
    let micros =
        |percentile: usize| times[(times.len() - 1) * percentile / 100].as_secs_f64() * 1e6;
    let count = times.len() as f64;
    Ok(Figures {
        per_second: count / elapsed.as_secs_f64(),
        micros: own * 1e6 / count,
        redis_micros: redis_seconds * 1e6 / count,
        p50: micros(50),
        p99: micros(99),
    })
}

fn row(callers: u64, name: &str, rounds: &[Vec<Figures>], at: usize) -> String {
    let of =
        |figure: fn(&Figures) -> f64| Median::of(rounds.iter().map(|round| figure(&round[at])));
    let ratio = |figure: fn(&Figures) -> f64| {
        Median::of(rounds.iter().map(|round| figure(&round[at]) / figure(&round[0]))).value
    };
    let speed = of(|figures| figures.per_second);
    format!(
        "| {callers} | {name} | {:.0} ({:.0}–{:.0}) | {:.2} | {:.1} | {:.1} | {:.2} | {:.0} | {:.0} |",
        speed.value,
        speed.min,
        speed.max,
        ratio(|figures| figures.per_second),
        of(|figures| figures.micros).value,
        of(|figures| figures.redis_micros).value,
        ratio(|figures| figures.redis_micros),
        of(|figures| figures.p50).value,
        of(|figures| figures.p99).value,
    )
}
