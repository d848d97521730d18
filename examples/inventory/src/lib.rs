//! Keeps the stock of a small shop. Other services reserve from it over gRPC.
//!
//! A library as well as a program, so that the storefront can run it inside its own process.

pub mod proto;
mod server;
mod service;
mod stock;

pub use self::{
    server::serve,
    stock::{Line, NotReserved, Stock},
};
