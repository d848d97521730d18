//! `cargo xtask ci`: what every change must pass beside the tests.

mod deny;
mod docs;
mod features;
mod format;
mod house;
mod lints;
mod msrv;
mod peers;
mod size;

use crate::args::Ci;
use crate::report::Report;
use crate::{Fallible, browser};

struct Check {
    name: &'static str,
    about: &'static str,
    run: fn(&Ci) -> Fallible,
}

/// The quick ones first; then in the order in which one build serves the next.
const CHECKS: &[Check] = &[
    Check { name: "format", about: "rustfmt changes nothing", run: |_| format::check() },
    Check { name: "house", about: "words, file lengths, module names", run: |_| house::check() },
    Check { name: "size", about: "dependencies of each layer crate", run: |_| size::check() },
    Check { name: "deny", about: "licences, sources, versions", run: deny::check },
    Check { name: "lints", about: "clippy, all targets and features", run: |_| lints::check() },
    Check { name: "peers", about: "clippy over the benches' peers", run: |_| peers::check() },
    Check { name: "docs", about: "rustdoc without a warning", run: |_| docs::check() },
    Check { name: "features", about: "each feature alone, and none", run: |_| features::check() },
    Check {
        name: "browser",
        about: "the storefront's page in Chromium",
        run: |options| browser::run(options.install),
    },
    Check { name: "msrv", about: "the oldest Rust, where it is there", run: |_| msrv::check() },
];

pub(crate) fn run(options: &Ci) -> Fallible {
    let mut report = Report::default();
    for check in chosen(&options.only) {
        report.part(check.name, || (check.run)(options));
    }
    report.close()
}

fn chosen(only: &[String]) -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().filter(|check| only.is_empty() || only.iter().any(|name| name == check.name))
}

pub(crate) fn is_known(name: &str) -> bool {
    CHECKS.iter().any(|check| check.name == name)
}

/// The checks, a line each, for the help text.
pub(crate) fn list() -> String {
    CHECKS.iter().map(|check| format!("      {:<10} {}\n", check.name, check.about)).collect()
}
