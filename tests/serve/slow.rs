//! Clients that send or read slowly, or not at all, in paused time: the limits are the defaults.

mod held;
mod idle;
mod lengths;
mod reading;
mod server;
