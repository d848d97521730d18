//! Charges the customers of a small shop over HTTP.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

mod admin;
mod book;
mod charge;
mod connections;
mod faults;
mod health;
mod idempotency;
mod ledger;
mod per_minute;
mod reset;
mod routes;
mod server;
mod settings;
mod trusted_peers;

pub use self::{
    admin::{Admin, serve_admin},
    charge::{Charge, ChargeRequest},
    health::health,
    idempotency::{IdempotencyKey, InvalidKey, KeyLimits},
    ledger::{Counts, Ledger, NotCharged},
    per_minute::PerMinute,
    server::{Payments, serve},
    settings::Settings,
    trusted_peers::TrustedPeers,
};
