//! `cargo xtask ci`: the checks that every change must pass in addition to the tests.

mod defaults;
mod deny;
mod docs;
mod features;
mod format;
mod house;
mod lints;
mod lockfiles;
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

/// All checks: fast ones first, then in the order in which each build reuses the previous one.
const CHECKS: &[Check] = &[
    Check { name: "format", about: "rustfmt changes nothing", run: |_| format::check() },
    Check {
        name: "house",
        about: "project rules: wording, file lengths, module names",
        run: |_| house::check(),
    },
    Check {
        name: "lockfiles",
        about: "each lockfile has the dependencies of its workspace",
        run: |_| lockfiles::check(),
    },
    Check {
        name: "size",
        about: "number of dependencies of each layer crate",
        run: |_| size::check(),
    },
    Check { name: "deny", about: "licenses, sources and duplicate versions", run: deny::check },
    Check { name: "lints", about: "clippy for all targets and features", run: |_| lints::check() },
    Check { name: "peers", about: "clippy for the benchmark peers", run: |_| peers::check() },
    Check { name: "docs", about: "rustdoc without warnings", run: |_| docs::check() },
    Check {
        name: "features",
        about: "each crate without features, and with each feature alone",
        run: |_| features::check(),
    },
    Check {
        name: "defaults",
        about: "tests and docs of each crate without features, and with default features",
        run: |_| defaults::check(),
    },
    Check {
        name: "browser",
        about: "the storefront's page in Chromium",
        run: |options| browser::run(options.install),
    },
    Check {
        name: "msrv",
        about: "minimum supported Rust version, if it is installed",
        run: |_| msrv::check(),
    },
];

pub(crate) fn run(options: &Ci) -> Fallible {
    let mut report = Report::default();
    for check in selected(&options.checks) {
        report.run(check.name, || (check.run)(options));
    }
    report.finish()
}

fn selected(names: &[String]) -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name))
}

pub(crate) fn exists(name: &str) -> bool {
    CHECKS.iter().any(|check| check.name == name)
}

/// Returns one line per check for the help text.
pub(crate) fn list() -> String {
    CHECKS.iter().map(|check| format!("      {:<10} {}\n", check.name, check.about)).collect()
}
