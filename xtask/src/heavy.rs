//! `cargo xtask heavy`: long jobs, run by hand or by night.

mod bench;
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
    Job { name: "bench", about: "costs of all layers beside their peers'", run: |_| bench::run() },
    Job { name: "fuzz", about: "each fuzz target for --seconds, 180 unless told", run: fuzz::run },
    Job { name: "loom", about: "every order in which threads can meet", run: |_| loom::run() },
    Job { name: "repeat", about: "the suite --times over, 10 unless told", run: repeat::run },
];

pub(crate) fn run(options: &Heavy) -> Fallible {
    if options.jobs.is_empty() {
        print!("Name one or more, or `all`:\n{}", list());
        return Ok(());
    }
    let mut report = Report::default();
    for job in JOBS.iter().filter(|job| options.jobs.iter().any(|name| name == job.name)) {
        report.part(job.name, || (job.run)(options));
    }
    report.close()
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    JOBS.iter().map(|job| job.name)
}

/// The jobs, a line each, for the help text.
pub(crate) fn list() -> String {
    JOBS.iter().map(|job| format!("      {:<10} {}\n", job.name, job.about)).collect()
}
