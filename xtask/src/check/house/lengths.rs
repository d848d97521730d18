//! Limits the length of source files: a longer file defines more than one noun.

use std::path::Path;

use super::File;

const MAX_LINES: usize = 400;

pub(super) fn broken(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if !is_crate_source(&file.path) || lines <= MAX_LINES {
        return Vec::new();
    }
    vec![format!("{lines} lines, but the limit is {MAX_LINES}: split the file by noun")]
}

fn is_crate_source(path: &Path) -> bool {
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let mut parts = path.iter();
    is_rust
        && parts.next().is_some_and(|part| part == "crates")
        && parts.nth(1).is_some_and(|part| part == "src")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_source_file_may_reach_the_limit_but_not_exceed_it() {
        let path = "crates/battlement-core/src/facts.rs";
        assert!(broken(&file(path, &"line\n".repeat(MAX_LINES))).is_empty());
        assert_eq!(broken(&file(path, &"line\n".repeat(MAX_LINES + 1))).len(), 1);
    }

    #[test]
    fn other_files_may_be_longer() {
        let text = "line\n".repeat(MAX_LINES + 1);
        for path in ["crates/battlement-core/tests/wire.rs", "docs/guide.md", "xtask/src/main.rs"] {
            assert!(broken(&file(path, &text)).is_empty(), "{path}");
        }
    }
}
