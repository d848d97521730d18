//! A file past this length holds more than one noun.

use std::path::Path;

use super::File;

const MOST_LINES: usize = 400;

pub(super) fn broken(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if !is_source_of_a_crate(&file.path) || lines <= MOST_LINES {
        return Vec::new();
    }
    vec![format!("{lines} lines, and at most {MOST_LINES} are readable: split it by noun")]
}

fn is_source_of_a_crate(path: &Path) -> bool {
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
    fn a_source_file_may_have_the_limit_and_no_line_more() {
        let path = "crates/battlement-core/src/facts.rs";
        assert!(broken(&file(path, &"line\n".repeat(MOST_LINES))).is_empty());
        assert_eq!(broken(&file(path, &"line\n".repeat(MOST_LINES + 1))).len(), 1);
    }

    #[test]
    fn other_files_may_be_longer() {
        let text = "line\n".repeat(MOST_LINES + 1);
        for path in ["crates/battlement-core/tests/wire.rs", "docs/guide.md", "xtask/src/main.rs"] {
            assert!(broken(&file(path, &text)).is_empty(), "{path}");
        }
    }
}
