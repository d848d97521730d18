//! Rate limits in a real Redis: counted together, through whatever happens to it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beat;
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
mod shop;
mod startup;
mod starved;
mod tls;
mod ttl;
