//! `cargo xtask browser`: opens the storefront's page in a real browser.

use crate::step::Step;
use crate::{Fallible, install, tool};

pub(crate) fn run(install: bool) -> Fallible {
    install::require(&[tool::CHROMIUM], install)?;
    Step::parse("cargo test -p storefront --test browser").run()
}
