//! Lints each published crate without features and with each of its features alone.
//!
//! A build with all features cannot replace this check: one feature may enable a dependency that
//! another feature fails to declare.

use crate::Fallible;
use crate::step::Step;
use crate::workspace::{Package, Workspace};

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let failures: Vec<_> = workspace.published().flat_map(failures).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

fn failures(package: &Package) -> Vec<String> {
    let choices = package.feature_choices();
    choices.filter_map(|feature| lint(package, feature).err()).map(|e| e.to_string()).collect()
}

fn lint(package: &Package, feature: Option<&str>) -> Fallible {
    Step::parse("cargo clippy --lib --no-default-features --package")
        .args([&package.name])
        .args(feature.map(|name| format!("--features={name}")))
        .args(["--", "-D", "warnings"])
        .run()
}
