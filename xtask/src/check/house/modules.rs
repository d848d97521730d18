//! Rejects vague module names: such a module collects unrelated code.

use super::File;

const VAGUE_NAMES: &[&str] = &["util", "utils", "common", "helpers", "types", "misc"];

pub(super) fn broken(file: &File) -> Vec<String> {
    if file.path.extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    let parts = file.path.iter().filter_map(|part| part.to_str());
    let names = parts.map(|part| part.strip_suffix(".rs").unwrap_or(part));
    names
        .filter(|name| VAGUE_NAMES.contains(name))
        .map(|name| format!("the module name `{name}` is vague: name the module after its content"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_vague_module_name_is_reported_for_files_and_folders() {
        assert_eq!(broken(&file("crates/a/src/util.rs", "")).len(), 1);
        assert_eq!(broken(&file("crates/a/src/common/mod.rs", "")).len(), 1);
    }

    #[test]
    fn a_name_that_only_contains_a_vague_word_is_allowed() {
        assert!(broken(&file("crates/a/src/content_types.rs", "")).is_empty());
        assert!(broken(&file("docs/misc.md", "")).is_empty());
    }
}
