use std::{borrow::Cow, time::Duration};

use battlement_core::CheckState;

use crate::{Probe, Runs, Status};

/// The results of all checks of a probe, at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The probe.
    pub probe: Probe,
    /// The status of the probe: the worst of all checks.
    pub status: Status,
    /// The checks in the order in which they are shown: `ping`, checks, gates, holds, heartbeats, tasks, `shutdown`.
    pub checks: Vec<CheckReport>,
}

/// The last result of a check.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The name of the check.
    pub name: Cow<'static, str>,
    /// The kind of the check.
    pub kind: CheckKind,
    /// The status that counts for the probe: a check that is not critical degrades where it would fail.
    pub status: Status,
    /// The result with its reason, in which passwords are redacted.
    pub state: CheckState,
    /// Whether the check fails its probes. Any other check degrades them.
    pub critical: bool,
    /// The time since the last run ended, if there was one.
    pub age: Option<Duration>,
    /// The duration of the last run, if there was one.
    pub took: Option<Duration>,
    /// The number of runs, by result.
    pub runs: Runs,
}

/// The state of a supervised task.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskReport {
    /// The name of the task.
    pub name: Cow<'static, str>,
    /// The state of the task with its reason, in which passwords are redacted.
    pub state: CheckState,
    /// The number of restarts.
    pub restarts: u64,
}

/// The kind of a check of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CheckKind {
    /// `ping`, which passes whenever the process can answer.
    Ping,
    /// A [`Check`](crate::Check).
    Check,
    /// A [`Gate`](crate::Gate).
    Gate,
    /// A [`Hold`](crate::Hold).
    Hold,
    /// A [`Heartbeat`](crate::Heartbeat).
    Heartbeat,
    /// A supervised task.
    Task,
    /// `shutdown`, which fails readiness once the drain begins.
    Shutdown,
}
