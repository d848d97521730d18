//! Keeps the stock of a small shop, and serves it over gRPC.
//!
//! The crate is a library as well as a program, so that the storefront can run it inside its own process.

pub mod proto;
mod server;
mod service;
mod stock;

pub use self::{
    server::serve,
    stock::{Line, NotReserved, Stock},
};
