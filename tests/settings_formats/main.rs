//! Settings mean the same in JSON, TOML and YAML, and an error names its field in each of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod documented;
mod format;
mod page;
mod words;
mod wrong_types;
