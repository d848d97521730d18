use std::time::Duration;

use crate::{TimeoutHeader, observe::Observer};

/// The settings of a [`PropagateDeadlineLayer`](crate::PropagateDeadlineLayer).
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) enabled: bool,
    pub(super) header: TimeoutHeader,
    pub(super) margin: Duration,
    pub(super) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            header: TimeoutHeader::default(),
            margin: Duration::from_millis(5),
            observer: Observer::default(),
        }
    }
}
