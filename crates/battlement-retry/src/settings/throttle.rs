use battlement_core::{InvalidField, settings::duration};
use serde::Deserialize;

use super::checked;
use crate::{
    Throttle,
    throttle::{K, WINDOW},
};

/// The form of [`Throttle`] in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleSettings {
    /// The calls per accepted one, at least 1.
    pub k: f64,
    /// The time over which calls are counted, as `2m`: 1 second to 1 day, and no shorter than the longest time limit of
    /// a call. Default: 2 minutes.
    pub window: Option<String>,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self { k: K, window: None }
    }
}

impl ThrottleSettings {
    pub(super) fn throttle(self, invalid: &mut Vec<InvalidField>) -> Option<Throttle> {
        // A window that could not be read is reported once, and does not hide an error of `k`.
        let window = self.window.and_then(|text| duration("throttle.window", &text, invalid));
        checked("throttle", Throttle::try_new(self.k, window.unwrap_or(WINDOW)), invalid)
    }
}
