//! Words that have no place in any file.

use std::env;
use std::path::Path;

use super::File;

/// What is looked for, and why it may not stand. Put together from halves, or this file would be
/// the first to break the rule.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("crates", ".io"), REGISTRY),
    (concat!("pypi", ".org"), REGISTRY),
    (concat!("registry.npm", "js"), REGISTRY),
    (concat!("deb.debian", ".org"), REGISTRY),
    (concat!("proxy.golang", ".org"), REGISTRY),
    (concat!("TO", "DO"), UNFINISHED),
    (concat!("FIX", "ME"), UNFINISHED),
    (concat!("XX", "X"), UNFINISHED),
];

const REGISTRY: &str = "a registry's address belongs to the configuration of its client";
const UNFINISHED: &str = "finish it, or file it where work is tracked";
const CHECKOUT: &str = "names the folder it was written in, which nobody else has";

pub(super) fn broken(file: &File) -> Vec<String> {
    // Written by cargo, in its own words.
    if file.is_named("Cargo.lock") {
        return Vec::new();
    }
    let checkout = env::current_dir().ok().filter(|path| is_telling(path));
    let checkout = checkout.as_deref().and_then(Path::to_str).map(|path| (path, CHECKOUT));
    let forbidden: Vec<_> = FORBIDDEN.iter().copied().chain(checkout).collect();
    file.lines().flat_map(|(number, line)| found(number, line, &forbidden)).collect()
}

fn found(number: usize, line: &str, forbidden: &[(&str, &str)]) -> Vec<String> {
    forbidden
        .iter()
        .filter(|(word, _)| line.contains(word))
        .map(|(word, reason)| format!("line {number} has `{word}`: {reason}"))
        .collect()
}

/// A checkout in `/src` would forbid that name everywhere.
fn is_telling(path: &Path) -> bool {
    path.components().count() > 2
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_registry_and_unfinished_work_are_found_with_line_and_reason() {
        let text =
            format!("first\n// {}: later\n{}\n", concat!("TO", "DO"), concat!("crates", ".io"));
        let sentences = broken(&file("crates/a/src/lib.rs", &text));
        assert_eq!(sentences.len(), 2);
        assert!(sentences[0].starts_with("line 2") && sentences[0].ends_with(UNFINISHED));
        assert!(sentences[1].starts_with("line 3") && sentences[1].ends_with(REGISTRY));
    }

    #[test]
    fn the_folder_of_the_checkout_is_found() {
        let here = env::current_dir().expect("has a folder");
        assert_eq!(broken(&file("README.md", &format!("cd {}", here.display()))).len(), 1);
    }

    #[test]
    fn a_short_folder_name_forbids_nothing() {
        assert!(!is_telling(Path::new("/src")));
        assert!(is_telling(Path::new("/home/someone")));
    }
}
