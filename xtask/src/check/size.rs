//! What a layer pulls in. Who adds one layer to a service should not get a framework with it.

use std::collections::BTreeSet;

use crate::Fallible;
use crate::step::Step;
use crate::workspace::{Package, Workspace};

const MOST_DIRECT: usize = 12;
/// What a layer needs that builds on governor, which alone brings ten.
const MOST_IN_TREE: usize = 32;
/// Where a tree is worth a look, though it still passes.
const AIM_IN_TREE: usize = 25;

/// How many other crates a crate builds on, with its default features.
#[derive(Debug, PartialEq)]
struct Size {
    direct: usize,
    tree: usize,
}

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let mut failures = Vec::new();
    for package in workspace.published().filter(|package| package.has_a_size_budget()) {
        let size = measure(package)?;
        println!("{:<30} {size}", package.name);
        if size.is_over() {
            failures.push(format!("{} has {size}", package.name));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\nat most {MOST_DIRECT} direct and {MOST_IN_TREE} in all: put something behind a feature",
        failures.join("\n")
    )
    .into())
}

fn measure(package: &Package) -> Fallible<Size> {
    let direct = names(&tree(package, &["--depth", "1"])?).len();
    let all = names(&tree(package, &[])?).len();
    Ok(Size { direct: direct - 1, tree: all - 1 })
}

fn tree(package: &Package, more: &[&str]) -> Fallible<String> {
    Step::words("cargo tree --edges normal --prefix none --format {p} --package")
        .args([&package.name])
        .args(more)
        .read()
}

/// Each crate once, by name and version; the crate itself is among them.
fn names(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect()
}

impl Size {
    fn is_over(&self) -> bool {
        self.direct > MOST_DIRECT || self.tree > MOST_IN_TREE
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} direct, {} in all", self.direct, self.tree)?;
        let above = self.tree > AIM_IN_TREE;
        if above { write!(out, " (the aim is {AIM_IN_TREE})") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_stands_twice_in_the_tree_counts_once() {
        let tree = "battlement-core v0.1.0 (/checkout/crates/battlement-core)\n\
                    http v1.3.1\nbytes v1.10.1\nhttp-body v1.0.1\nhttp v1.3.1 (*)\n";
        assert_eq!(names(tree).len(), 4);
    }

    #[test]
    fn two_versions_of_one_crate_count_twice() {
        assert_eq!(names("rand v0.9.0\nrand v0.10.0\n").len(), 2);
    }

    #[test]
    fn both_bounds_are_kept() {
        assert!(!Size { direct: MOST_DIRECT, tree: MOST_IN_TREE }.is_over());
        assert!(Size { direct: MOST_DIRECT + 1, tree: 20 }.is_over());
        assert!(Size { direct: 3, tree: MOST_IN_TREE + 1 }.is_over());
    }
}
