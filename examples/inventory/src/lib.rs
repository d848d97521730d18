//! Keeps the stock of a small shop, and serves it over gRPC.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

mod admin;
mod per_minute;
pub mod proto;
mod released;
mod server;
mod service;
mod stock;

pub use self::{
    admin::serve_metrics,
    per_minute::PerMinute,
    server::{Inventory, serve},
    stock::{Line, NotReserved, Stock},
};
