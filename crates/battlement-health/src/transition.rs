use std::{borrow::Cow, time::Duration};

use crate::{CheckKind, Status};

/// A change of the status of a check, gate, hold, heartbeat or task, or the start of the drain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The name of the check.
    pub name: Cow<'static, str>,
    /// The kind of the check.
    pub kind: CheckKind,
    /// The former status, or `None` for the first result.
    pub from: Option<Status>,
    /// The new status.
    pub to: Status,
    /// The reason of the new status, in which passwords are redacted.
    pub reason: Cow<'static, str>,
    /// How long the former status lasted.
    pub after: Duration,
}
