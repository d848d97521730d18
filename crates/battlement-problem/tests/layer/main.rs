//! What the layer promises, through its public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bare;
mod errors;
mod forms;
mod left;
mod panics;
mod stage;
