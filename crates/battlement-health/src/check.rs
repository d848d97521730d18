use std::{borrow::Cow, fmt, pin::Pin, sync::Arc, time::Duration};

use battlement_core::CheckState;

use crate::{Probe, beat::Late, limits::Limits, name::Name, probe::Probes};

mod run;

pub use self::run::{IntoCheckState, RunCheck};

/// A check of a dependency, which the registry runs in the background.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_health::Check;
///
/// # #[derive(Clone)] struct Pool; impl Pool { async fn ping(&self) -> std::io::Result<()> { Ok(()) } }
/// # let pool = Pool;
/// let check = Check::new("database", move || {
///     let pool = pool.clone();
///     async move { pool.ping().await }
/// });
/// let check = check.critical().interval(Duration::from_secs(5)).timeout(Duration::from_secs(1));
/// ```
#[must_use = "a check runs once it is added to a registry"]
pub struct Check {
    pub(crate) name: Name,
    pub(crate) work: Work,
    pub(crate) probes: Probes,
    pub(crate) limits: Limits,
}

/// The work behind a check.
#[derive(Clone)]
pub(crate) enum Work {
    /// A new future for each run.
    Run(Arc<dyn BoxedRun>),
    /// A task that beats, whose delay is computed when a result is read.
    Beat {
        /// The time between two beats.
        every: Duration,
        late: Late,
    },
}

/// A [`RunCheck`] as a trait object.
pub(crate) trait BoxedRun: Send + Sync {
    fn run(&self) -> Pin<Box<dyn Future<Output = CheckState> + Send + '_>>;
}

impl<R: RunCheck> BoxedRun for R {
    fn run(&self) -> Pin<Box<dyn Future<Output = CheckState> + Send + '_>> {
        Box::pin(RunCheck::run(self))
    }
}

impl Check {
    /// Creates a check of readiness and startup that degrades. `name` is 1 to 64 ASCII letters, digits, `-`, `_` or `.`.
    pub fn new(name: impl Into<Cow<'static, str>>, run: impl RunCheck) -> Self {
        Self::of(name.into(), Work::Run(Arc::new(run)))
    }

    /// Creates a check of a state that can be read without waiting, such as that of a circuit breaker. The state is read
    /// at the interval, and a worse one counts after `fail_after` readings: for a breaker, shorten both.
    pub fn of_state(
        name: impl Into<Cow<'static, str>>,
        state: impl Fn() -> CheckState + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, move || std::future::ready(state()))
    }

    /// Creates a check of a task that beats `every`: beats that are late are judged when a probe asks.
    pub(crate) fn of_beats(name: Name, every: Duration, late: Late) -> Self {
        Self::of(name, Work::Beat { every, late })
    }

    fn of(name: Name, work: Work) -> Self {
        Self { name, work, probes: Probes::READY_AND_STARTUP, limits: Limits::default() }
    }

    /// Makes a failure of the check fail its probes. Default: it degrades them, because a dependency that all instances
    /// share would otherwise take all of them out at once.
    pub fn critical(mut self) -> Self {
        self.limits.critical = Some(true);
        self
    }

    /// Sets the probes that the check is part of. Default: readiness and startup. Registering a check
    /// of liveness is an error.
    pub fn probes(mut self, probes: impl IntoIterator<Item = Probe>) -> Self {
        self.probes = probes.into_iter().collect();
        self
    }

    /// Sets the time from the start of one run to the start of the next, at most 24 h, which varies by up to 10 %.
    /// Default: that of the registry, 10 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.limits.interval = Some(interval);
        self
    }

    /// Sets the time after which a run is dropped and counts as failed, at most the interval. Default: that of the
    /// registry, 2 s, or the interval if that is shorter.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = Some(timeout);
        self
    }

    /// Sets the number of runs in a row after which a worse result counts, at least 1. Default: that of the
    /// registry, 3.
    pub fn fail_after(mut self, runs: u32) -> Self {
        self.limits.fail_after = Some(runs);
        self
    }

    /// Sets the number of runs in a row after which a better result counts, at least 1. Default: that of the
    /// registry, 1.
    pub fn recover_after(mut self, runs: u32) -> Self {
        self.limits.recover_after = Some(runs);
        self
    }

    /// Sets the age at which a result no longer counts, and the check fails, with the range of
    /// [`HealthBuilder::stale_after`](crate::HealthBuilder::stale_after). Default: that of the registry, 3 intervals.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.limits.stale_after = Some(age);
        self
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("probes", &self.probes)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
