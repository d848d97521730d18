//! Limits the dependencies of each layer crate: adding one layer must not pull in a framework.
//!
//! A crate with a feature `http` also serves calls without HTTP, so that its tree without features must not contain it.

use std::collections::BTreeSet;

use crate::Fallible;
use crate::step::Step;
use crate::workspace::{Package, Workspace};

/// The limits of a crate. The total is enough for a layer that depends on governor, which has ten dependencies of its
/// own.
const LIMIT: Size = Size { direct: 12, total: 32 };
/// The limits of the metrics, whose default features include prometheus-client with twelve dependencies of its own.
const METRICS_LIMIT: Size = Size { direct: 13, total: 35 };
/// The limits of the server, which reads a limit of the process by rustix, and runs on hyper with HTTP/2: twenty crates
/// that each service has anyway.
const SERVE_LIMIT: Size = Size { direct: 12, total: 40 };
/// The dependencies of a store's client library, on top of those of a layer: redis has 44 that no layer has, most of
/// them to read URLs.
const REDIS_CLIENT: Size = Size { direct: 1, total: 44 };
/// Target size; a larger tree passes but is marked in the output.
const TARGET_TOTAL: usize = 25;

/// The number of dependencies of a crate with its default features.
#[derive(Debug, PartialEq)]
struct Size {
    direct: usize,
    total: usize,
}

pub(super) fn check() -> Fallible {
    let workspace = Workspace::read()?;
    let mut failures = Vec::new();
    for package in workspace.published().filter(|package| package.has_dependency_limit()) {
        let size = measure(package)?;
        println!("{:<30} {size}", package.name);
        let limit = limit(&package.name);
        if size.is_over(&limit) {
            failures.push(format!(
                "{} has too many dependencies: {size}; the limit is {limit}: make a dependency optional",
                package.name
            ));
        }
        // A feature of that name that is off by default is another one, as for a check over HTTP.
        if package.has_default_feature("http")
            && depends_on_http(&tree(package, &["--no-default-features"])?)
        {
            failures.push(format!("{} depends on `http` without its feature `http`", package.name));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

fn limit(package: &str) -> Size {
    match package {
        "battlement-metrics" => METRICS_LIMIT,
        "battlement-rate-limit-redis" => LIMIT.and(&REDIS_CLIENT),
        "battlement-serve" => SERVE_LIMIT,
        _ => LIMIT,
    }
}

fn measure(package: &Package) -> Fallible<Size> {
    let direct = names(&tree(package, &["--depth", "1"])?).len();
    let all = names(&tree(package, &[])?).len();
    Ok(Size { direct: direct - 1, total: all - 1 })
}

fn tree(package: &Package, more: &[&str]) -> Fallible<String> {
    Step::parse("cargo tree --edges normal --prefix none --format {p} --package")
        .args([&package.name])
        .args(more)
        .read()
}

fn depends_on_http(tree: &str) -> bool {
    names(tree).iter().any(|(name, _)| matches!(*name, "http" | "http-body" | "httpdate"))
}

/// Returns the distinct crates of a tree by name and version, including its root.
fn names(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect()
}

impl Size {
    const fn and(&self, more: &Self) -> Self {
        Self { direct: self.direct + more.direct, total: self.total + more.total }
    }

    const fn is_over(&self, limit: &Self) -> bool {
        self.direct > limit.direct || self.total > limit.total
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} direct, {} total", self.direct, self.total)?;
        let above = self.total > TARGET_TOTAL;
        if above { write!(out, " (target: {TARGET_TOTAL})") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_listed_twice_in_the_tree_counts_once() {
        let tree = "battlement-core v0.1.0 (/checkout/crates/battlement-core)\n\
                    http v1.3.1\nbytes v1.10.1\nhttp-body v1.0.1\nhttp v1.3.1 (*)\n";
        assert_eq!(names(tree).len(), 4);
    }

    #[test]
    fn http_is_found_anywhere_in_a_tree() {
        assert!(depends_on_http("battlement-core v0.1.0\ntokio v1.54.1\nhttp v1.3.1 (*)\n"));
        assert!(!depends_on_http("battlement-core v0.1.0\ntokio v1.54.1\nhttparse v1.10.1\n"));
    }

    #[test]
    fn two_versions_of_one_crate_count_twice() {
        assert_eq!(names("rand v0.9.0\nrand v0.10.0\n").len(), 2);
    }

    #[test]
    fn both_limits_are_enforced() {
        assert!(!LIMIT.is_over(&LIMIT));
        assert!(Size { direct: LIMIT.direct + 1, total: 20 }.is_over(&LIMIT));
        assert!(Size { direct: 3, total: LIMIT.total + 1 }.is_over(&LIMIT));
    }

    #[test]
    fn only_crates_with_a_library_of_their_own_have_a_limit_of_their_own() {
        assert_eq!(limit("battlement-metrics"), METRICS_LIMIT);
        assert_eq!(limit("battlement-rate-limit"), LIMIT);
        let store = Size { direct: LIMIT.direct + 1, total: LIMIT.total + 44 };
        assert_eq!(limit("battlement-rate-limit-redis"), store);
    }
}
