//! The settings of the layers in configuration files.

mod backoff;
mod budget;
#[cfg(feature = "http")]
mod http;
mod policy;
#[cfg(all(test, feature = "http"))]
mod tests;
#[cfg(feature = "http")]
mod throttle;

#[cfg(feature = "http")]
pub(crate) use self::http::idempotent_methods;
pub use self::{backoff::BackoffSettings, budget::BudgetSettings, policy::RetryPolicySettings};
#[cfg(feature = "http")]
pub use self::{http::RetrySettings, throttle::ThrottleSettings};

/// The subject of the errors.
const SETTINGS: &str = "retry settings";

/// Returns the value, or moves its errors under the setting `field`.
fn checked<T>(
    field: &str,
    value: Result<T, battlement_core::ConfigError>,
    invalid: &mut Vec<battlement_core::InvalidField>,
) -> Option<T> {
    let under = |error: battlement_core::InvalidField| error.under(field);
    value.map_err(|error| invalid.extend(error.into_fields().into_iter().map(under))).ok()
}
