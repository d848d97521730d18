//! Rate limits in a real Redis, which are exact while it works and bounded while it does not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beat;
mod check_state;
mod client_certificates;
mod cost;
mod counting;
mod fallback;
mod faults;
mod keys;
mod load;
mod log;
mod migration;
mod parked;
mod processes;
mod reasons;
mod reconnect;
mod secrets;
mod settings;
mod shop;
mod startup;
mod starved;
mod tls;
mod ttl;
