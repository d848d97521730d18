//! The limit that follows the latency of the service.
//!
//! `docs/adaptive-limit.md` describes how it finds its value. The [`Sampler`] collects the calls of a window, and an
//! [`Algorithm`] makes one decision for each window.

mod aimd;
mod algorithm;
mod gradient;
mod sampler;
#[cfg(all(test, not(battlement_loom)))]
mod simulation;
#[cfg(all(test, not(battlement_loom)))]
mod tests;
mod window;

pub(crate) use self::sampler::{Decision, Sample, Sampler};
pub use self::{aimd::Aimd, algorithm::Algorithm, window::Window};

/// The default bounds of an adaptive limit.
pub(crate) const MIN: usize = 4;
pub(crate) const MAX: usize = 1_000;

/// The default limit before the first window.
pub(crate) const INITIAL: usize = 20;

/// Returns the algorithm of [`adaptive`](crate::ConcurrencyLimitLayer::adaptive).
pub(crate) fn gradient() -> impl Algorithm + Clone + Sync {
    gradient::Gradient::default()
}

/// Returns the algorithm of [`aimd`](crate::ConcurrencyLimitLayer::aimd).
pub(crate) fn aimd() -> impl Algorithm + Clone + Sync {
    Aimd::new()
}
