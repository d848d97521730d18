//! Checks licenses, sources and duplicate versions with `deny.toml`.
//!
//! Advisories are left out: they need a database from the network, and the result of a check must
//! not depend on the day it runs.

use crate::args::Ci;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(super) fn check(options: &Ci) -> Fallible {
    install::require(&[tool::DENY], options.install)?;
    Step::parse("cargo deny --all-features check --show-stats bans licenses sources").run()
}
