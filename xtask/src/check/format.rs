//! Checks formatting in the workspace and in the packages outside it.

use std::fs;

use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    let mut failures = Vec::new();
    for manifest in workspace_manifests()? {
        let step = Step::parse("cargo fmt --check --manifest-path")
            .args([&manifest])
            // With `--all`, cargo formats the path dependencies too, so once more for each package that depends on them.
            .args((manifest == "Cargo.toml").then_some("--all"))
            .args(["--", "--files-with-diff"]);
        if step.run().is_err() {
            failures.push(format!("unformatted files: run `cargo fmt --manifest-path {manifest}`"));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// Returns the manifest of each workspace in the repository: the main one, the peers', and those
/// of the fuzz packages.
pub(super) fn workspace_manifests() -> Fallible<Vec<String>> {
    let list = Step::parse("git ls-files Cargo.toml */Cargo.toml").read()?;
    let is_root =
        |path: &&str| fs::read_to_string(path).is_ok_and(|text| declares_workspace(&text));
    Ok(list.lines().filter(is_root).map(String::from).collect())
}

fn declares_workspace(manifest: &str) -> bool {
    manifest.lines().any(|line| line.trim() == "[workspace]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_its_own_workspace_is_distinguished_from_a_member() {
        assert!(declares_workspace("[package]\nname = \"peers\"\n\n[workspace]\n"));
        assert!(!declares_workspace("[package]\nname = \"core\"\n\n[lints]\nworkspace = true\n"));
    }
}
