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
/// The time after the overload in which a server that is called with retries must be back, in seconds.
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
    /// The second after the overload from which on every second has its answers, if there is one.
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

    /// Returns what does not hold.
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
                let lost = self.overload.upper_lost;
                let mut checks = self.adaptive();
                checks.push((lost < 0.01, format!("{:.2} % of the upper class", lost * 100.0)));
                checks
            }
            (Retries::None, _) => Vec::new(),
            (Retries::Budget, _) => vec![(
                self.back.is_some_and(|back| back <= BACK),
                format!("the server is back after {:?} s", self.back),
            )],
            (Retries::Unlimited, _) => {
                vec![(self.back.is_none(), format!("the control is back after {:?} s", self.back))]
            }
        };
        let failed = checks.into_iter().filter(|(holds, _)| !holds);
        failed.map(|(_, failure)| format!("{}: {failure}", case.name)).collect()
    }

    /// Returns whether rejections are prompt.
    fn prompt(&self) -> (bool, String) {
        let p99 = self.overload.rejected_p99;
        (p99 <= 5.0, format!("rejections take {p99:.1} ms at p99"))
    }

    /// Returns whether admitted requests are fast.
    fn admitted(&self) -> (bool, String) {
        let most = match self.course.case.times {
            Times::Constant => 2.0,
            Times::Exponential => 1.5,
        };
        let times = self.overload.p99 / self.unloaded.p99;
        (times <= most, format!("p99 of the admitted is {times:.2} times the unloaded"))
    }

    /// Returns whether the limit keeps the goodput, does not drift, and recovers.
    fn adaptive(&self) -> Vec<(bool, String)> {
        let goodput = self.overload.goodput / self.course.capacity;
        let (slower, longer) =
            (self.last.goodput / self.first.goodput, self.last.p99 / self.first.p99);
        vec![
            (goodput >= 0.9, format!("goodput is {:.1} % of the capacity", goodput * 100.0)),
            (slower >= 0.9, format!("goodput falls to {slower:.2} times the first 20 s")),
            (longer <= 1.1, format!("p99 rises to {longer:.2} times the first 20 s")),
            (self.after.rejected == 0, format!("{} rejected after overload", self.after.rejected)),
        ]
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
        let back = self.back.map_or_else(|| "never".to_owned(), |back| format!("{back} s"));
        write!(f, "{} | {back} |", after.rejected)
    }
}
