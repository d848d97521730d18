//! Tests of times.

mod blocked;
mod redis;
