//! The end of a server over real sockets, phase by phase.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod announce;
mod backlog;
mod cut_off;
mod linger;
mod running;
