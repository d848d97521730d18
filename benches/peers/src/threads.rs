//! The cost of a second thread: the CPU time of calls that one thread makes, and of calls that two make at once.

use std::{fmt, sync::Barrier, thread, time::Duration};

use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use tokio::time::Instant;

const ROUNDS: usize = 31;

/// The times of calls that one thread makes and that two threads make at once, in alternation.
#[derive(Clone, Debug)]
pub struct Comparison(Vec<[Times; 2]>);

/// The time of one call in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// CPU time of the thread, which excludes other load on the machine.
    cpu: f64,
    wall: f64,
}

impl Comparison {
    /// The columns of a Markdown table.
    pub const COLUMNS: [&str; 4] = [
        "a single thread, CPU ns (wall)",
        "two threads, CPU ns (wall)",
        "CPU ratio (p25–p75)",
        "wall ratio",
    ];

    /// Measures `run`, which makes a number of calls and gets the index of the thread and that number. The first round
    /// is a warm-up.
    #[must_use]
    pub fn of(count: u32, run: impl Fn(usize, u32) + Sync) -> Self {
        let round = |round| [threads(&[round % 2], count, &run), threads(&[0, 1], count, &run)];
        Self((0..=ROUNDS).map(round).skip(1).collect())
    }

    /// Returns the median of the ratios of the CPU times.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.quartile(cpu_ratio, 2)
    }

    fn quartile(&self, value: fn(&[Times; 2]) -> f64, quarter: usize) -> f64 {
        let mut values: Vec<f64> = self.0.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() * quarter / 4]
    }
}

fn cpu_ratio([one, two]: &[Times; 2]) -> f64 {
    two.cpu / one.cpu
}

/// The cells of a Markdown table.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} ({:.0}) | {:.0} ({:.0}) | {:.2} ({:.2}–{:.2}) | {:.2}",
            self.quartile(|[one, _]| one.cpu, 2),
            self.quartile(|[one, _]| one.wall, 2),
            self.quartile(|[_, two]| two.cpu, 2),
            self.quartile(|[_, two]| two.wall, 2),
            self.ratio(),
            self.quartile(cpu_ratio, 1),
            self.quartile(cpu_ratio, 3),
            self.quartile(|[one, two]| two.wall / one.wall, 2),
        )
    }
}

/// Runs the threads on the given cores at the same time, and returns their mean times.
fn threads(cores: &[usize], count: u32, run: &(impl Fn(usize, u32) + Sync)) -> Times {
    let barrier = &Barrier::new(cores.len());
    let timed = |core| {
        pin(core);
        barrier.wait();
        let (cpu, wall) = (cpu_time(), Instant::now());
        run(core, count);
        let nanos = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
        Times { cpu: nanos(cpu_time() - cpu), wall: nanos(wall.elapsed()) }
    };
    let times: Vec<Times> = thread::scope(|scope| {
        let threads: Vec<_> = cores.iter().map(|core| scope.spawn(|| timed(*core))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread panicked")).collect()
    });
    let mean = |value: fn(&Times) -> f64| times.iter().map(value).sum::<f64>() / times.len() as f64;
    Times { cpu: mean(|times| times.cpu), wall: mean(|times| times.wall) }
}

/// Pins this thread to a core, if the machine has that core.
fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

/// Returns the CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
