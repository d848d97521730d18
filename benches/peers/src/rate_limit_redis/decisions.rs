use std::{pin::Pin, process, time::Duration};

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;
use tokio::{task::JoinSet, time::Instant};

use super::{bare, cores::Core, cpu, median::Median, ours, peer};

const CALLERS: [u64; 4] = [1, 16, 64, 256];
const TURNS: usize = 11;
const TURN: Duration = Duration::from_millis(300);
const RUN: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_millis(100);
/// So many customers, each with a limit of its own.
const KEYS: u64 = 10_000;

/// One way to ask Redis whether a request may pass.
pub(super) struct Contestant {
    name: &'static str,
    turn: Box<dyn Fn(u64, Duration) -> Turning>,
}

type Turning = Pin<Box<dyn Future<Output = Result<Vec<Duration>>>>>;

impl Contestant {
    /// `decide` fails where a customer is denied: what denies is not what is compared.
    pub(super) fn new<F, D>(name: &'static str, decide: F) -> Self
    where
        F: Fn(u64) -> D + Clone + Send + 'static,
        D: Future<Output = Result<()>> + Send + 'static,
    {
        let turn =
            Box::new(move |callers, time| Box::pin(turn(decide.clone(), callers, time)) as Turning);
        Self { name, turn }
    }
}

/// How long each decision took.
async fn turn<F, D>(decide: F, callers: u64, time: Duration) -> Result<Vec<Duration>>
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

/// What one turn of a contestant has shown.
struct Figures {
    per_second: f64,
    micros: f64,
    redis_micros: f64,
    half: f64,
    most: f64,
}

pub(super) async fn compare() -> Result<()> {
    Core(1).pin()?;
    let redis = Redis::start().await?;
    Core(0).pin_redis(&redis).await?;
    let contestants = contestants(&redis.url()).await?;
    println!("### Decisions\n");
    println!(
        "| callers | | decisions/s (least–most) | of bare | CPU µs each | Redis CPU µs each | of bare | p50 µs | p99 µs |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for callers in CALLERS {
        for contestant in &contestants {
            (contestant.turn)(callers, WARM_UP).await?;
        }
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let mut figures = Vec::new();
            for contestant in &contestants {
                figures.push(measure(contestant, callers, &redis).await?);
            }
            turns.push(figures);
        }
        for (at, contestant) in contestants.iter().enumerate() {
            println!("{}", row(callers, contestant.name, &turns, at));
        }
    }
    println!();
    Ok(())
}

/// Lets one contestant decide, for a profiler to watch.
pub(super) async fn run(name: &str, callers: &str) -> Result<()> {
    Core(1).pin()?;
    let redis = Redis::start().await?;
    Core(0).pin_redis(&redis).await?;
    let contestants = contestants(&redis.url()).await?;
    let contestant = contestants.iter().find(|contestant| contestant.name == name);
    let contestant = contestant.with_context(|| format!("nobody is called {name:?}"))?;
    let times = (contestant.turn)(callers.parse()?, RUN).await?;
    let worked = cpu::of_process(process::id())?;
    println!("{} decisions, {:.1} µs each", times.len(), worked * 1e6 / times.len() as f64);
    Ok(())
}

async fn contestants(url: &str) -> Result<[Contestant; 4]> {
    Ok([
        bare::contestant(url).await?,
        ours::plain(url)?,
        ours::coalesced(url)?,
        peer::contestant(url).await?,
    ])
}

async fn measure(contestant: &Contestant, callers: u64, redis: &Redis) -> Result<Figures> {
    let before = cpu::of_redis(redis).await?;
    let own = cpu::of_process(process::id())?;
    let began = Instant::now();
    let mut times = (contestant.turn)(callers, TURN).await?;
    let took = began.elapsed();
    let own = cpu::of_process(process::id())? - own;
    let worked = cpu::of_redis(redis).await? - before;
    times.sort_unstable();
    let micros =
        |hundredths: usize| times[(times.len() - 1) * hundredths / 100].as_secs_f64() * 1e6;
    let count = times.len() as f64;
    Ok(Figures {
        per_second: count / took.as_secs_f64(),
        micros: own * 1e6 / count,
        redis_micros: worked * 1e6 / count,
        half: micros(50),
        most: micros(99),
    })
}

fn row(callers: u64, name: &str, turns: &[Vec<Figures>], at: usize) -> String {
    let of = |figure: fn(&Figures) -> f64| Median::of(turns.iter().map(|turn| figure(&turn[at])));
    let ratio = |figure: fn(&Figures) -> f64| {
        Median::of(turns.iter().map(|turn| figure(&turn[at]) / figure(&turn[0]))).value
    };
    let speed = of(|figures| figures.per_second);
    format!(
        "| {callers} | {name} | {:.0} ({:.0}–{:.0}) | {:.2} | {:.1} | {:.1} | {:.2} | {:.0} | {:.0} |",
        speed.value,
        speed.least,
        speed.most,
        ratio(|figures| figures.per_second),
        of(|figures| figures.micros).value,
        of(|figures| figures.redis_micros).value,
        ratio(|figures| figures.redis_micros),
        of(|figures| figures.half).value,
        of(|figures| figures.most).value,
    )
}
