//! Clippy over everything. The flag stands behind `--`, and not in RUSTFLAGS, which would build
//! all dependencies anew.

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    Step::words("cargo clippy --workspace --all-targets --all-features -- -D warnings").run()
}
