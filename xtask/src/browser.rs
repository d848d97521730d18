//! `cargo xtask browser`: the storefront's page, opened by a real browser.

use crate::step::Step;
use crate::{Fallible, install, tool};

pub(crate) fn run(install: bool) -> Fallible {
    install::require(&[tool::CHROMIUM], install)?;
    Step::words("cargo test -p storefront --test browser").run()
}
