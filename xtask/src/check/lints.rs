//! Runs clippy on the whole workspace.
//!
//! `-D warnings` follows `--` instead of being set in `RUSTFLAGS`, which would rebuild all
//! dependencies.

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    Step::parse("cargo clippy --workspace --all-targets --all-features -- -D warnings").run()
}
