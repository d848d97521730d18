//! The registry through its public interface.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocked;
mod drain;
mod entries;
mod files;
mod first;
mod jitter;
mod lifetime;
mod log;
mod mistakes;
mod probes;
mod runs;
mod script;
mod states;
mod transitions;
