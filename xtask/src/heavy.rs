//! `cargo xtask heavy`: long jobs, to be run by hand or on a schedule.

mod bench;
mod chaos;
mod fuzz;
mod loom;
mod repeat;

use crate::Fallible;
use crate::args::Heavy;
use crate::report::Report;

struct Job {
    name: &'static str,
    about: &'static str,
    run: fn(&Heavy) -> Fallible,
}

const JOBS: &[Job] = &[
    Job {
        name: "bench",
        about: "costs of all layers, compared with their peers",
        run: |_| bench::run(),
    },
    Job {
        name: "chaos",
        about: "a million dropped calls, Redis failures, floods of clients",
        run: chaos::run,
    },
    Job {
        name: "fuzz",
        about: "each fuzz target for N seconds (--seconds, default: 180)",
        run: fuzz::run,
    },
    Job {
        name: "loom",
        about: "models of lock-free code under all thread interleavings",
        run: |_| loom::run(),
    },
    Job {
        name: "repeat",
        about: "the test suite N times (--times, default: 10)",
        run: repeat::run,
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

/// Returns one line per job for the help text.
pub(crate) fn list() -> String {
    JOBS.iter().map(|job| format!("      {:<10} {}\n", job.name, job.about)).collect()
}
