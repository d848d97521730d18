//! Builds the documentation and denies rustdoc warnings, which include broken links.

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    Step::parse("cargo doc --workspace --all-features --no-deps")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}
