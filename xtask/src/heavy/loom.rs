//! Models of what is shared without a lock, in every order in which threads can meet. The cfg is one of our
//! own, since `loom` alone takes tokio's net away; with it, only the models are compiled.

use crate::Fallible;
use crate::step::Step;

/// The crates that have models.
const CRATES: &[&str] = &["battlement-metrics"];

pub(super) fn run() -> Fallible {
    for name in CRATES {
        Step::words("cargo test --release --lib --package")
            .args([name, "--target-dir", "target/loom", "model::"])
            .env("RUSTFLAGS", "--cfg battlement_loom")
            .run()?;
    }
    Ok(())
}
