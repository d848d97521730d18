//! Tests and documents the published crates without features, and with their default features.
//!
//! All other checks enable every feature, which hides a test or a link that needs one. All crates share one build:
//! none of them enables a feature of another for its tests, and separate builds would compile every dependency
//! once per crate.

use crate::step::Step;
use crate::workspace::{Package, Workspace};
use crate::{Fallible, tool};

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let all: Vec<_> = workspace.published().collect();
    // An empty `default` is equal to no features, which the first round has tested.
    let with_defaults: Vec<_> =
        all.iter().copied().filter(|package| package.has_defaults()).collect();
    let steps = [
        test(&all, &all).args(["--no-default-features"]),
        on("cargo test --doc --no-default-features", &all),
        document(&all).args(["--no-default-features"]),
        test(&all, &with_defaults),
        on("cargo test --doc", &all),
        document(&all),
    ];
    let failures = steps.into_iter().filter_map(|step| step.run().err());
    let failures: Vec<_> = failures.map(|error| error.to_string()).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// Tests some packages in a build of `all`, so that every step builds the same dependencies.
fn test(all: &[&Package], tested: &[&Package]) -> Step {
    if !tool::has_nextest() {
        return on("cargo test --lib --tests --no-fail-fast", tested);
    }
    let names: Vec<_> =
        tested.iter().map(|package| format!("package(={})", package.name)).collect();
    on("cargo nextest run", all).args(["--filterset", &names.join(" or ")])
}

fn document(packages: &[&Package]) -> Step {
    on("cargo doc --no-deps", packages).env("RUSTDOCFLAGS", "-D warnings")
}

fn on(line: &str, packages: &[&Package]) -> Step {
    Step::parse(line).args(packages.iter().flat_map(|package| ["--package", &package.name]))
}
