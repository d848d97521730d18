//! Metrics under real servers, read by real parsers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grpc;
mod grpc_web;
mod matrix;
mod page;
mod pages;
mod prometheus;
mod scheme;
mod storms;
