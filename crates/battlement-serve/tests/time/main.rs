//! The time limits of connections, in paused time.
//!
//! The clients use Unix sockets, which hand over bytes at once: while a client waits, the server waits as well, and the
//! paused clock moves to the next timer.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod age;
mod client;
mod dropped;
mod first_request;
mod http2;
mod idle;
mod pings;
mod reading;
mod requests;
mod served;
mod unread;
