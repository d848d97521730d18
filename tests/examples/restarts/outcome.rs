use std::{fmt, time::Duration};

use battlement_testkit::load::Tally;

use crate::{instance::Exit, service::Expected};

/// The least number of requests of a service behind a front.
const REQUESTS: u64 = 20_000;
/// The time in which a process must exit: the default budget of a shutdown, below the grace period of Kubernetes.
const BUDGET: Duration = Duration::from_secs(28);
/// The number of requests of which fewer than one may end without being processed.
const NOT_PROCESSED_ONE_IN: u64 = 1_000;

/// The result of the restarts of a service behind a front.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) service: &'static str,
    pub(crate) front: &'static str,
    /// The requests as the callers have seen them.
    pub(crate) tally: Tally,
    /// The ends of all processes, the last one without load.
    pub(crate) exits: Vec<Exit>,
    pub(crate) took: Duration,
    /// The longest time in which the machine did not run the job.
    pub(crate) longest_stall: Duration,
}

impl Outcome {
    pub(crate) const HEADER: &str = "\
| service | front | restarts | seconds | requests | lost: fresh | reused | cut off | not processed | rejected | \
server errors | answers counted by callers | by servers | slowest exit | longest stall |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

    /// Returns the responses that the callers have read to their end.
    const fn answers(&self) -> u64 {
        self.tally.answered + self.tally.rejected + self.tally.server_errors
    }

    /// Returns the responses that the servers have sent to their end, or `None` if a process has not reported them.
    fn reported(&self) -> Option<u64> {
        self.exits.iter().map(|exit| exit.answered).sum()
    }

    fn slowest_exit(&self) -> Duration {
        self.exits.iter().map(|exit| exit.took).max().unwrap_or_default()
    }

    /// Returns the expectations that are not met.
    pub(crate) fn failures(&self, expected: Expected) -> Vec<String> {
        let failures = match expected {
            Expected::SomeLost => self.failures_of_control(),
            Expected::SomeMayBeLost => self.failures_of_exits(),
            Expected::NothingLost => self.failures_of_service(true),
            Expected::NothingLostUncounted => self.failures_of_service(false),
        };
        let place = format!("{} behind {}", self.service, self.front);
        failures.into_iter().map(|failure| format!("{place}: {failure}")).collect()
    }

    fn failures_of_control(&self) -> Vec<String> {
        let is_lossless = self.tally.lost() == 0;
        is_lossless.then(|| "the control lost no request".to_owned()).into_iter().collect()
    }

    fn failures_of_service(&self, counts_are_equal: bool) -> Vec<String> {
        let Tally { not_processed, rejected, server_errors, .. } = self.tally;
        let total = self.tally.total();
        let (answers, reported) = (self.answers(), self.reported());
        let mut failures = Vec::new();
        let mut check = |is_met: bool, failure: String| {
            if !is_met {
                failures.push(failure);
            }
        };
        check(self.tally.lost() == 0, format!("{} requests lost", self.tally.lost()));
        check(
            rejected + server_errors == 0,
            format!("{rejected} rejected, {server_errors} failed"),
        );
        check(total >= REQUESTS, format!("{total} requests, expected {REQUESTS}"));
        check(
            not_processed * NOT_PROCESSED_ONE_IN < total,
            format!("{not_processed} of {total} requests not processed"),
        );
        check(
            !counts_are_equal || reported == Some(answers),
            format!("callers counted {answers} answers, the servers report {reported:?}"),
        );
        failures.extend(self.failures_of_exits());
        failures
    }

    fn failures_of_exits(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for Exit { code, took, at, liveness, log, .. } in &self.exits {
            if !liveness.is_none_or(|liveness| liveness.held_until(*at)) {
                failures.push(format!("liveness failed in the shutdown: {liveness:?}"));
            }
            if *code != Some(0) || *took > BUDGET {
                failures.push(format!("exit code {code:?} after {took:?}:\n{}", end_of(log)));
            }
        }
        failures
    }
}

/// Returns the last lines of a log.
fn end_of(log: &str) -> String {
    const LINES: usize = 10;
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        let reported = self.reported().map_or_else(|| "–".to_owned(), |count| count.to_string());
        let restarts = self.exits.len().saturating_sub(1);
        let (took, slowest) = (self.took.as_secs_f64(), self.slowest_exit().as_secs_f64());
        write!(f, "| {} | {} | {restarts} | {took:.0} | ", self.service, self.front)?;
        write!(f, "{} | {} | ", tally.total(), tally.lost_fresh)?;
        write!(f, "{} | {} | {} | ", tally.lost_reused, tally.cut_off, tally.not_processed)?;
        write!(f, "{} | {} | {} | ", tally.rejected, tally.server_errors, self.answers())?;
        write!(f, "{reported} | {slowest:.1} s | {} ms |", self.longest_stall.as_millis())
    }
}
