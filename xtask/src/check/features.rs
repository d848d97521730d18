//! Lints each published crate without features and with each of its features alone.
//!
//! A build with all features cannot replace this check: one feature may enable a dependency that
//! another feature fails to declare.

use std::path::Path;
use std::thread;

use crate::Fallible;
use crate::step::Step;
use crate::workspace::{Package, Workspace};

/// The number of builds that run side by side: most of them compile a single crate, which takes one core. Each lane has
/// a target folder of its own, because cargo locks it.
const LANES: usize = 2;

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let builds: Vec<_> = workspace.published().flat_map(choices).collect();
    let failures = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let target = workspace.target_directory.join(format!("features-{lane}"));
                let builds = &builds;
                scope.spawn(move || lint_all(builds.iter().skip(lane).step_by(LANES), &target))
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap_or_else(panicked)).collect::<Vec<_>>()
    });
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

fn choices(package: &Package) -> impl Iterator<Item = (&Package, Option<&str>)> {
    package.feature_choices().map(move |feature| (package, feature))
}

/// Lints some builds one after the other; returns the failures.
fn lint_all<'a>(
    builds: impl Iterator<Item = &'a (&'a Package, Option<&'a str>)>,
    target: &Path,
) -> Vec<String> {
    builds.filter_map(|(package, feature)| lint(package, *feature, target).err()).collect()
}

fn lint(package: &Package, feature: Option<&str>, target: &Path) -> Result<(), String> {
    // The dependencies in this workspace are linted by builds of their own.
    Step::parse("cargo clippy --lib --no-deps --no-default-features --package")
        .args([&package.name])
        .args(feature.map(|name| format!("--features={name}")))
        .args(["--target-dir".as_ref(), target.as_os_str()])
        .args(["--", "-D", "warnings"])
        .run()
        .map_err(|error| error.to_string())
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Vec<String> {
    vec!["a build could not be started".to_owned()]
}
