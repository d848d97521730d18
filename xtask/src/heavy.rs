//! `cargo xtask heavy`: long jobs, to be run by hand or on a schedule.

mod bench;
mod chaos;
mod floods;
mod fuzz;
mod loom;
mod overload;
mod repeat;
mod restarts;

use crate::Fallible;
use crate::args::Heavy;
use crate::report::Report;

struct Job {
    name: &'static str,
    about: &'static str,
    /// The approximate duration on two cores, including the release build, with default options.
    minutes: u32,
    run: fn(&Heavy) -> Fallible,
}

const JOBS: &[Job] = &[
    Job {
        name: "bench",
        about: "costs of all layers, compared with their peers",
        minutes: 10,
        run: |_| bench::run(),
    },
    Job {
        name: "chaos",
        about: "a million dropped calls, Redis failures, floods of clients",
        minutes: 10,
        run: chaos::run,
    },
    Job {
        name: "floods",
        about: "floods of HTTP/2 frames, and `accept` without free descriptors",
        minutes: 5,
        run: floods::run,
    },
    Job {
        name: "fuzz",
        about: "each fuzz target for N seconds (--seconds, default: 180)",
        minutes: 75,
        run: fuzz::run,
    },
    Job {
        name: "loom",
        about: "models of lock-free code under all thread interleavings",
        minutes: 4,
        run: |_| loom::run(),
    },
    Job {
        name: "overload",
        about: "servers at three times their capacity, with and without a limit (--case, default: all)",
        minutes: 30,
        run: overload::run,
    },
    Job {
        name: "repeat",
        about: "the test suite N times (--times, default: 10)",
        minutes: 45,
        run: repeat::run,
    },
    Job {
        name: "restarts",
        about: "rolling restarts of the examples under load (--times, default: 10)",
        minutes: 20,
        run: restarts::run,
    },
];

pub(crate) fn run(options: &Heavy) -> Fallible {
    if options.jobs.is_empty() {
        print!("Name one or more jobs, or `all`:\n{}", list());
        return Ok(());
    }
    let mut report = Report::default();
    for job in JOBS.iter().filter(|job| options.jobs.iter().any(|name| name == job.name)) {
        report.run(job.name, || (job.run)(options));
    }
    report.finish()
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    JOBS.iter().map(|job| job.name)
}

/// Returns one line per job for the help text, with its duration in minutes.
pub(crate) fn list() -> String {
    let line = |job: &Job| format!("      {:<8} {:>3} min  {}\n", job.name, job.minutes, job.about);
    JOBS.iter().map(line).collect()
}
