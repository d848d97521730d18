//! Licences, sources and duplicate versions, by `deny.toml`. Advisories are left out: they need
//! a database from the network, and a check must not pass or fail by the day it is run.

use crate::args::Ci;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(super) fn check(options: &Ci) -> Fallible {
    install::require(&[tool::DENY], options.install)?;
    Step::words("cargo deny --all-features check --show-stats bans licenses sources").run()
}
