use std::time::Duration;

use battlement_core::InvalidField;

use crate::observe::Observer;

/// The checked settings of a [`TimeoutLayer`](crate::TimeoutLayer), beside its limit.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    /// The HTTP status of the answer, if it is not the default.
    pub(crate) status: Option<u16>,
    pub(crate) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, status: None, observer: Observer::default() }
    }
}

/// Returns the error of a limit that no call could meet.
pub(crate) fn invalid_limit(field: &str, limit: Option<Duration>) -> Option<InvalidField> {
    let is_zero = limit.is_some_and(|limit| limit.is_zero());
    is_zero.then(|| {
        InvalidField::new(field, "must be greater than zero; to remove the limit, leave it unset")
    })
}
