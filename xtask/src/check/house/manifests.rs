//! Requires the manifests of examples to work outside the workspace, because examples are meant to be copied.

use super::File;

pub(super) fn broken(file: &File) -> Vec<String> {
    if !file.path.starts_with("examples") || !file.is_named("Cargo.toml") {
        return Vec::new();
    }
    file.lines()
        .filter(|(_, line)| inherits(line))
        .map(|(number, _)| {
            format!("line {number} inherits from the workspace: write the value out, because examples are copied")
        })
        .collect()
}

/// Returns whether a line has the form `name.workspace = true` or `name = { workspace = true }`, with any spacing.
fn inherits(line: &str) -> bool {
    let code = line.split('#').next().unwrap_or_default();
    let packed: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    packed.contains("workspace=true")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn inheritance_in_an_example_is_reported_in_both_forms() {
        let text = "[package]\nedition.workspace = true\n[dependencies]\nhttp = {workspace=true}\n";
        assert_eq!(broken(&file("examples/storefront/Cargo.toml", text)).len(), 2);
    }

    #[test]
    fn a_crate_may_inherit_and_a_comment_may_mention_inheritance() {
        let line = "edition.workspace = true\n";
        assert!(broken(&file("crates/battlement-core/Cargo.toml", line)).is_empty());
        assert!(
            broken(&file("examples/payments/Cargo.toml", "# no workspace = true\n")).is_empty()
        );
    }
}
