//! Charges the customers of a small shop over HTTP.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

mod charge;
mod ledger;
mod routes;
mod server;

pub use self::{
    charge::{Charge, ChargeRequest},
    ledger::{Ledger, NotCharged},
    server::serve,
};
