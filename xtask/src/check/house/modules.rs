//! A module that is named for nothing collects everything.

use super::File;

const NAMELESS: &[&str] = &["util", "utils", "common", "helpers", "types", "misc"];

pub(super) fn broken(file: &File) -> Vec<String> {
    if file.path.extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    let parts = file.path.iter().filter_map(|part| part.to_str());
    let names = parts.map(|part| part.strip_suffix(".rs").unwrap_or(part));
    names
        .filter(|name| NAMELESS.contains(name))
        .map(|name| format!("`{name}` says nothing: name the module for what it holds"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_nameless_module_is_found_as_a_file_and_as_a_folder() {
        assert_eq!(broken(&file("crates/a/src/util.rs", "")).len(), 1);
        assert_eq!(broken(&file("crates/a/src/common/mod.rs", "")).len(), 1);
    }

    #[test]
    fn a_name_that_only_contains_such_a_word_is_fine() {
        assert!(broken(&file("crates/a/src/content_types.rs", "")).is_empty());
        assert!(broken(&file("docs/misc.md", "")).is_empty());
    }
}
