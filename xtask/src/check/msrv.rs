//! Builds the published crates with the minimum supported Rust version.
//!
//! Clippy's `incompatible_msrv` checks the version on every machine; this check adds a build where
//! the toolchain is installed. It never downloads a toolchain.

use crate::Fallible;
use crate::step::Step;
use crate::workspace::Workspace;

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let version = workspace.rust_version().ok_or("no published crate sets `rust-version`")?;
    let Some(toolchain) = installed(version) else {
        println!(
            "skipped: Rust {version} is not installed; the lint `incompatible_msrv` still applies"
        );
        return Ok(());
    };
    let packages = workspace.published().flat_map(|package| ["--package", &package.name]);
    Step::parse("rustup run")
        .args([toolchain.as_str(), "cargo", "check", "--lib", "--all-features"])
        .args(packages)
        .run()
}

fn installed(version: &str) -> Option<String> {
    let list = Step::parse("rustup toolchain list").read().ok()?;
    find(&list, version)
}

/// Returns the first toolchain of a version with any patch level: `1.89` matches `1.89.0-x86…`.
fn find(list: &str, version: &str) -> Option<String> {
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    let has_version =
        |name: &&str| name.strip_prefix(version).is_some_and(|rest| rest.starts_with(['.', '-']));
    names.into_iter().find(has_version).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "stable-x86_64-unknown-linux-gnu (active, default)\n\
                        1.89.0-x86_64-unknown-linux-gnu\n";

    #[test]
    fn a_toolchain_is_found_at_any_patch_level() {
        assert_eq!(find(LIST, "1.89").as_deref(), Some("1.89.0-x86_64-unknown-linux-gnu"));
        assert_eq!(find(LIST, "1.89.0").as_deref(), Some("1.89.0-x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn a_version_with_only_a_common_prefix_does_not_match() {
        assert_eq!(find(LIST, "1.8"), None);
        assert_eq!(find("", "1.89"), None);
    }
}
