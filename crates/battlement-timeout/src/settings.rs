//! The settings of the layers in configuration files.

#[cfg(feature = "http")]
mod body;
#[cfg(feature = "http")]
mod deadline;
#[cfg(feature = "http")]
mod header;
#[cfg(feature = "http")]
mod propagate;
#[cfg(all(test, feature = "http"))]
mod tests;
mod timeout;

#[cfg(feature = "http")]
pub use self::body::{BodyLimitsSettings, BodyTimeoutSettings};
#[cfg(feature = "http")]
pub use self::deadline::DeadlineSettings;
#[cfg(feature = "http")]
pub use self::propagate::PropagateDeadlineSettings;
pub use self::timeout::{CallDeadlineSettings, TimeoutSettings};
