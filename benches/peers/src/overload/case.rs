use anyhow::{Context as _, Result};

use super::{callers::Retries, limit::Limit, workers::Times};

/// A server, its callers, and the phases of its load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) limit: Limit,
    pub(super) times: Times,
    pub(super) retries: Retries,
    pub(super) phases: Phases,
}

/// The lengths of the phases in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phases {
    pub(super) before: u32,
    pub(super) overload: u32,
    pub(super) after: u32,
}

impl Phases {
    const LONG: Self = Self { before: 10, overload: 60, after: 20 };
    const SHORT: Self = Self { before: 10, overload: 20, after: 20 };

    /// Returns the second in which the overload ends.
    pub(super) const fn end(self) -> u32 {
        self.before + self.overload
    }

    pub(super) const fn total(self) -> u32 {
        self.end() + self.after
    }
}

const fn constant(name: &'static str, limit: Limit) -> Case {
    let (times, retries, phases) = (Times::Constant, Retries::None, Phases::LONG);
    Case { name, limit, times, retries, phases }
}

const fn exponential(name: &'static str, limit: Limit) -> Case {
    Case { times: Times::Exponential, ..constant(name, limit) }
}

const fn retries(name: &'static str, limit: Limit, retries: Retries) -> Case {
    Case { retries, phases: Phases::SHORT, ..constant(name, limit) }
}

impl Case {
    pub(super) const ALL: &'static [Self] = &[
        constant("no-limit", Limit::None),
        constant("tower", Limit::Tower),
        constant("bulkhead", Limit::Bulkhead),
        constant("aimd", Limit::Aimd),
        constant("vegas", Limit::Vegas),
        constant("gradient2", Limit::Gradient2),
        constant("ours-fixed", Limit::OursFixed),
        constant("ours-adaptive", Limit::OursAdaptive),
        constant("ours-classes", Limit::OursClasses),
        exponential("vegas-exponential", Limit::Vegas),
        exponential("gradient2-exponential", Limit::Gradient2),
        exponential("ours-fixed-exponential", Limit::OursFixed),
        exponential("ours-adaptive-exponential", Limit::OursAdaptive),
        exponential("ours-classes-exponential", Limit::OursClasses),
        retries("retries-unlimited", Limit::None, Retries::Unlimited),
        retries("retries-budget", Limit::None, Retries::Budget),
        retries("retries-budget-adaptive", Limit::OursAdaptive, Retries::Budget),
    ];

    pub(super) fn find(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|case| case.name == name);
        found.with_context(|| format!("unknown case {name:?}, expected one of: {}", Self::names()))
    }

    pub(super) fn names() -> String {
        Self::ALL.iter().map(|case| case.name).collect::<Vec<_>>().join(", ")
    }
}
