//! Floods a server while other clients call it, and fails if one of them waits.

use crate::args::Heavy;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(super) fn run(options: &Heavy) -> Fallible {
    install::require(tool::FOR_FLOODS, options.install)?;
    Step::parse("cargo run --release --package battlement-tests --example floods").run()
}
