//! A test of latency.

mod pipe;
mod stopped;
