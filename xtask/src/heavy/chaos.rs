//! Runs tests of random failures often enough to find an event that occurs once in a million calls.
//!
//! The test suite also contains a short run of each test; this job runs them longer and in a release build.

use crate::args::Heavy;
use crate::report::Report;
use crate::step::Step;
use crate::{Fallible, install, tool};

/// A test and its number of repetitions.
struct Run {
    package: &'static str,
    /// Name of the test target; `lib` for a unit test.
    target: &'static str,
    /// Full name of the test.
    test: &'static str,
    /// Variables that make the test longer.
    env: &'static [(&'static str, &'static str)],
    times: u32,
}

/// Returns a run of a test against a real Redis, which repeats each of its scenarios.
const fn redis(test: &'static str) -> Run {
    Run {
        package: "battlement-tests",
        target: "rate_limit_redis",
        test,
        env: &[("BATTLEMENT_CHAOS_TIMES", "20")],
        times: 1,
    }
}

const RUNS: &[Run] = &[
    Run {
        package: "battlement-tests",
        target: "rate_limit_memory",
        test: "a_million_addresses_of_a_network_stay_within_capacity_and_block_no_other_network",
        env: &[],
        times: 1,
    },
    Run {
        package: "battlement-tests",
        target: "chaos",
        test: "calls_dropped_at_random_are_all_recorded_and_leave_nothing_behind",
        env: &[("BATTLEMENT_CHAOS_CALLS", "1000000")],
        times: 1,
    },
    Run {
        package: "battlement-tests",
        target: "chaos",
        test: "sockets::connections_cut_at_random_leave_nothing_behind",
        env: &[("BATTLEMENT_CHAOS_CALLS", "1000000")],
        times: 1,
    },
    redis("reconnect::alone::no_request_fails_after_idle_connections_were_killed"),
    redis(
        "reconnect::alone::no_request_fails_after_idle_connections_were_killed_on_several_threads",
    ),
    redis(
        "reconnect::alone::no_request_fails_after_idle_connections_to_all_nodes_of_a_cluster_were_killed",
    ),
    redis("reconnect::alone::no_request_fails_after_an_idle_server_was_restarted"),
    redis("reconnect::alone::no_request_fails_after_the_idle_timeout_of_a_proxy"),
    redis("reconnect::alone::a_broken_command_is_one_failure_and_not_an_outage"),
    redis("starved::alone::busy_threads_leave_redis_up_and_the_limit_exact"),
];

pub(super) fn run(options: &Heavy) -> Fallible {
    install::require(tool::FOR_TESTS, options.install)?;
    let mut report = Report::default();
    for run in RUNS {
        report.run(run.test, || run.all());
    }
    report.finish()
}

impl Run {
    fn all(&self) -> Fallible {
        // cargo test passes if the name matches no test.
        let listed = self.step(&["--list"]).read()?;
        if !listed.lines().any(|line| line == format!("{}: test", self.test)) {
            return Err(format!("{} has no test {}", self.package, self.test).into());
        }
        for time in 1..=self.times {
            println!("\nrun {time} of {}", self.times);
            self.step(&["--nocapture"]).run()?;
        }
        Ok(())
    }

    fn step(&self, harness: &[&str]) -> Step {
        let step = Step::parse("cargo test --release --all-features --package")
            .args([self.package])
            .args(self.target())
            .args(["--", "--exact", self.test])
            .args(harness);
        self.env.iter().fold(step, |step, (name, value)| step.env(name, value))
    }

    fn target(&self) -> Vec<&'static str> {
        if self.target == "lib" { vec!["--lib"] } else { vec!["--test", self.target] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_names_a_test_of_the_repository() {
        for run in RUNS {
            let name = run.test.rsplit("::").next().unwrap_or_default();
            let search = Step::parse("git grep --quiet --fixed-strings --untracked");
            let search = search.args([&format!("fn {name}("), "--", ":/tests", ":/crates"]);
            assert!(search.succeeds(), "{} does not exist", run.test);
        }
    }
}
