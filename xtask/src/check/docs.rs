//! The documentation, every link in it included.

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    Step::words("cargo doc --workspace --all-features --no-deps")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}
