//! Requests that are sent again, over real sockets, judged by what the upstream counts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod charges;
