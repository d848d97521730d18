//! A service in a process of its own is asked to end, in the middle of everything.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod forced;
mod hooks;
mod order;
mod panics;
#[cfg(target_os = "linux")]
mod pid_1;
mod running;
mod signals;
#[cfg(target_os = "linux")]
mod systemd;
mod work;
