//! The layer, through every phase of a shutdown.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod busy;
mod connection;
mod cut_off;
mod drops;
mod late;
mod matrix;
mod nested;
mod service;
mod streams;
mod work;
