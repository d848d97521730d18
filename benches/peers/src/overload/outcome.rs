use std::fmt;

use super::{
    callers::Retries,
    case::Phases,
    course::Course,
    figures::{Figures, Means},
    limit::Limit,
    workers::Times,
};

/// The length of the first and the last part of the overload that are compared, in seconds.
const PART: u32 = 20;
/// The time after the overload in which the server may still reject requests, in seconds.
const SETTLED: u32 = 2;
/// The time after the overload in which a server must be back, in seconds.
const BACK: u32 = 3;
/// The share of answered requests of a server that is back.
const IS_BACK: f64 = 0.95;

/// The figures of a course.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) course: Course,
    unloaded: Figures,
    overload: Figures,
    first: Figures,
    last: Figures,
    /// The figures after the overload, without the time to settle.
    after: Figures,
    /// The seconds from the end of the overload until the server is back and stays so, or `None` if it does not come back.
    back: Option<u32>,
}

impl Outcome {
    pub(super) const HEADER: &str = "\
| case | capacity/s | goodput | first 20 s | last 20 s | p99: unloaded | overload | first 20 s | last 20 s | \
limit after 5 s | 30 s | at the end | in flight | upper class lost | rejections p99 | rejected after | back after |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

    pub(super) fn of(course: Course) -> Self {
        let Phases { before, overload, .. } = course.case.phases;
        let (end, total) = (course.case.phases.end(), course.case.phases.total());
        let part = PART.min(overload);
        let is_back = |second| Figures::of(&course, second..second + 1).answered >= IS_BACK;
        let late = (end..total).rev().find(|second| !is_back(*second));
        let back = late.map_or(0, |second| second + 1 - end);
        Self {
            unloaded: Figures::of(&course, 0..before),
            overload: Figures::of(&course, before..end),
            first: Figures::of(&course, before..before + part),
            last: Figures::of(&course, end - part..end),
            after: Figures::of(&course, end + SETTLED..total),
            back: (end + back < total).then_some(back),
            course,
        }
    }

    /// Returns a message for each check that failed.
    pub(super) fn failures(&self) -> Vec<String> {
        let case = self.course.case;
        let checks = match (case.retries, case.limit) {
            (Retries::None, Limit::OursFixed) => vec![self.prompt()],
            (Retries::None, Limit::OursAdaptive) => {
                let mut checks = self.adaptive();
                checks.extend([self.prompt(), self.admitted()]);
                checks
            }
            (Retries::None, Limit::OursClasses) => {
                let lost = 100.0 * self.overload.upper_lost;
                let message = format!("loss of the upper class must be below 1 %, got {lost:.2} %");
                let mut checks = self.adaptive();
                checks.push((lost < 1.0, message));
                checks
            }
            (Retries::None, _) => Vec::new(),
            (Retries::Budget, _) => vec![self.recovers()],
            (Retries::Unlimited, _) => {
                let back = self.time_until_back();
                vec![(self.back.is_none(), format!("the control must not be back, got {back}"))]
            }
        };
        let failed = checks.into_iter().filter(|(holds, _)| !holds);
        failed.map(|(_, failure)| format!("{}: {failure}", case.name)).collect()
    }

    /// Returns whether rejections are prompt.
    fn prompt(&self) -> (bool, String) {
        let p99 = self.overload.rejected_p99;
        (p99 <= 5.0, format!("the p99 of rejections must be at most 5 ms, got {p99:.1} ms"))
    }

    /// Returns whether admitted requests are fast.
    fn admitted(&self) -> (bool, String) {
        let most = match self.course.case.times {
            Times::Constant => 2.0,
            Times::Exponential => 1.5,
        };
        let times = self.overload.p99 / self.unloaded.p99;
        let bound = format!("at most {most} times the unloaded");
        (times <= most, format!("the p99 of admitted calls must be {bound}, got {times:.2} times"))
    }

    /// Returns whether the server answers again after the overload.
    fn recovers(&self) -> (bool, String) {
        let is_back = self.back.is_some_and(|back| back <= BACK);
        let back = self.time_until_back();
        (is_back, format!("the server must be back after {BACK} s, got {back}"))
    }

    /// Returns whether the limit keeps the goodput, does not drift, and recovers.
    fn adaptive(&self) -> Vec<(bool, String)> {
        let goodput = 100.0 * self.overload.goodput / self.course.capacity;
        let late = self.last.goodput / self.first.goodput;
        let longer = self.last.p99 / self.first.p99;
        let rejected = self.after.rejected;
        vec![
            (
                goodput >= 90.0,
                format!("goodput must be at least 90 % of capacity, got {goodput:.1} %"),
            ),
            (
                late >= 0.9,
                format!("goodput must be at least 0.9 times the first 20 s, got {late:.2}"),
            ),
            (
                longer <= 1.1,
                format!("p99 must be at most 1.1 times the first 20 s, got {longer:.2}"),
            ),
            (rejected == 0, format!("rejections after overload must be 0, got {rejected}")),
            self.recovers(),
        ]
    }

    fn time_until_back(&self) -> String {
        self.back.map_or_else(|| "never".to_owned(), |back| format!("{back} s"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { course, unloaded, overload, first, last, after, .. } = self;
        let Phases { before, .. } = course.case.phases;
        let end = course.case.phases.end();
        let share = |figures: &Figures| 100.0 * figures.goodput / course.capacity;
        write!(f, "| {} | {:.0} | ", course.case.name, course.capacity)?;
        write!(f, "{:.1} % | {:.1} % | {:.1} % | ", share(overload), share(first), share(last))?;
        write!(f, "{:.1} ms | {:.1} ms | ", unloaded.p99, overload.p99)?;
        write!(f, "{:.1} ms | {:.1} ms | ", first.p99, last.p99)?;
        for second in [before + 5, (before + 30).min(end), end] {
            write!(f, "{:.0} | ", Means::of(course, second - 2..second).limit)?;
        }
        write!(f, "{:.0} | ", Means::of(course, before..end).in_flight)?;
        write!(f, "{:.2} % | {:.1} ms | ", 100.0 * overload.upper_lost, overload.rejected_p99)?;
        write!(f, "{} | {} |", after.rejected, self.time_until_back())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use battlement_testkit::load::End;

    use super::*;
    use crate::overload::{case::Case, load::Call};

    /// Requests per second.
    const CAPACITY: u32 = 80;
    const RECOVERING: [&str; 4] =
        ["ours-adaptive", "ours-classes", "ours-adaptive-exponential", "retries-budget"];

    /// Returns the failures of a case whose server answers at its capacity until the end of the overload, and then
    /// requests that end like this.
    fn failures(name: &str, after: Option<End>) -> Vec<String> {
        let case = Case::find(name).unwrap();
        let mut calls = Vec::new();
        for second in 0..case.phases.total() {
            let is_overload = (case.phases.before..case.phases.end()).contains(&second);
            let requests = if is_overload { 3 * CAPACITY } else { CAPACITY / 2 };
            calls.extend((0..requests).map(|nth| Call {
                due: Duration::from_secs(second.into()) + Duration::from_millis(nth.into()),
                latency: Duration::from_millis(5),
                end: match second {
                    _ if second >= case.phases.end() => after,
                    _ if nth < CAPACITY => Some(End::Answered),
                    _ => Some(End::Rejected),
                },
                is_upper: nth % 3 == 0 && nth < CAPACITY,
            }));
        }
        let capacity = CAPACITY.into();
        Outcome::of(Course { case, capacity, calls, samples: Vec::new() }).failures()
    }

    #[test]
    fn a_server_that_is_back_after_the_overload_passes() {
        for case in RECOVERING {
            assert_eq!(failures(case, Some(End::Answered)), Vec::<String>::new());
        }
    }

    #[test]
    fn a_server_that_does_not_answer_after_the_overload_fails() {
        for case in RECOVERING {
            let expected = format!("{case}: the server must be back after 3 s, got never");
            assert_eq!(failures(case, None), [expected]);
        }
    }

    #[test]
    fn a_server_that_rejects_after_the_overload_fails() {
        let failures = failures("ours-adaptive", Some(End::Rejected));
        assert_eq!(failures[0], "ours-adaptive: rejections after overload must be 0, got 720");
    }

    #[test]
    fn a_control_that_recovers_fails() {
        let expected = "retries-unlimited: the control must not be back, got 0 s";
        assert_eq!(failures("retries-unlimited", Some(End::Answered)), [expected]);
    }
}
