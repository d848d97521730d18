//! Keeps the stock of a small shop, and serves it over gRPC.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

mod admin;
mod connections;
mod faults;
mod faulty;
mod health;
mod linger;
mod per_minute;
pub mod proto;
mod released;
mod reset;
mod server;
mod service;
mod settings;
mod stock;

pub use self::{
    admin::{Admin, serve_admin},
    health::health,
    per_minute::PerMinute,
    server::{Inventory, serve},
    settings::Settings,
    stock::{Line, NotReserved, Stock},
};
