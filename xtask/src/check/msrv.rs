//! The oldest Rust we promise to build with.
//!
//! Clippy's `incompatible_msrv` holds the promise on every machine; where the toolchain itself is
//! installed, it is asked too. None is ever fetched.

use crate::Fallible;
use crate::step::Step;
use crate::workspace::Workspace;

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let oldest = workspace.oldest_rust().ok_or("no published crate states a rust-version")?;
    let Some(toolchain) = installed(oldest) else {
        println!("Rust {oldest} is not installed here: the lint incompatible_msrv stands for it");
        return Ok(());
    };
    let packages = workspace.published().flat_map(|package| ["--package", &package.name]);
    Step::words("rustup run")
        .args([toolchain.as_str(), "cargo", "check", "--lib", "--all-features"])
        .args(packages)
        .run()
}

fn installed(version: &str) -> Option<String> {
    let list = Step::words("rustup toolchain list").read().ok()?;
    find(&list, version)
}

/// The first toolchain of that version, whatever its patch level: `1.89` is met by `1.89.0-x86…`.
fn find(list: &str, version: &str) -> Option<String> {
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    let belongs =
        |name: &&str| name.strip_prefix(version).is_some_and(|rest| rest.starts_with(['.', '-']));
    names.into_iter().find(belongs).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "stable-x86_64-unknown-linux-gnu (active, default)\n\
                        1.89.0-x86_64-unknown-linux-gnu\n";

    #[test]
    fn the_oldest_rust_is_found_at_any_patch_level() {
        assert_eq!(find(LIST, "1.89").as_deref(), Some("1.89.0-x86_64-unknown-linux-gnu"));
        assert_eq!(find(LIST, "1.89.0").as_deref(), Some("1.89.0-x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn a_version_that_only_begins_alike_is_not_it() {
        assert_eq!(find(LIST, "1.8"), None);
        assert_eq!(find("", "1.89"), None);
    }
}
