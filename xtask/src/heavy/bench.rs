//! The table that the figures in the documents come from.

use crate::Fallible;
use crate::step::Step;

pub(super) fn run() -> Fallible {
    Step::words("cargo run --release --package battlement-benches -- compare").run()
}
