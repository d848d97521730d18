//! Charges the customers of a small shop over HTTP.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

mod admin;
mod charge;
mod connections;
mod ledger;
mod per_minute;
mod routes;
mod server;
mod trusted_peers;

pub use self::{
    admin::serve_metrics,
    charge::{Charge, ChargeRequest},
    ledger::{Ledger, NotCharged},
    per_minute::PerMinute,
    server::{Payments, serve},
    trusted_peers::TrustedPeers,
};
