//! The limits of bodies, through the public interface.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod contract;
mod drip;
mod limits;
mod sockets;
mod streams;
