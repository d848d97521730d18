//! Prints the table that the documented figures are taken from.

use crate::Fallible;
use crate::step::Step;

pub(super) fn run() -> Fallible {
    Step::parse("cargo run --release --package battlement-benches -- compare").run()
}
