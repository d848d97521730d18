//! Formatting, in the workspace and in the packages that stand apart from it.

use std::fs;

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    let mut failures = Vec::new();
    for manifest in roots()? {
        let step = Step::words("cargo fmt --all --check --manifest-path")
            .args([&manifest])
            .args(["--", "--files-with-diff"]);
        if step.run().is_err() {
            failures.push(format!("`cargo fmt --all --manifest-path {manifest}` mends it"));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// The manifest of each workspace in the repository: ours, the peers', and each fuzz package's.
fn roots() -> Fallible<Vec<String>> {
    let list = Step::words("git ls-files Cargo.toml */Cargo.toml").read()?;
    let is_root = |path: &&str| fs::read_to_string(path).is_ok_and(|text| opens_workspace(&text));
    Ok(list.lines().filter(is_root).map(String::from).collect())
}

fn opens_workspace(manifest: &str) -> bool {
    manifest.lines().any(|line| line.trim() == "[workspace]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_a_workspace_of_its_own_is_told_from_a_member() {
        assert!(opens_workspace("[package]\nname = \"peers\"\n\n[workspace]\n"));
        assert!(!opens_workspace("[package]\nname = \"core\"\n\n[lints]\nworkspace = true\n"));
    }
}
