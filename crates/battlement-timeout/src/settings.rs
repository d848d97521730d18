//! The settings of the layers in configuration files.

#[cfg(feature = "http")]
mod body;
#[cfg(feature = "http")]
mod deadline;
#[cfg(all(test, feature = "http"))]
mod tests;
mod timeout;

#[cfg(feature = "http")]
pub use self::body::{BodyLimitsSettings, BodyTimeoutSettings};
#[cfg(feature = "http")]
pub use self::deadline::DeadlineSettings;
pub use self::timeout::{CallDeadlineSettings, TimeoutSettings};
