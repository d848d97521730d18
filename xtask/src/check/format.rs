//! Formatting.

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    Step::words("cargo fmt --all --check -- --files-with-diff")
        .run()
        .map_err(|error| format!("{error}; `cargo fmt --all` mends it").into())
}
