//! Checks that the files which ARCHITECTURE.md sends a reader to exist.

use std::path::Path;

use super::File;

const SECTION: &str = "## I want to";

pub(super) fn broken(file: &File) -> Vec<String> {
    if file.path != Path::new("ARCHITECTURE.md") {
        return Vec::new();
    }
    missing(file, Path::exists)
}

fn missing(file: &File, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let section = file.lines().skip_while(|(_, line)| !line.starts_with(SECTION)).skip(1);
    let rows = section.take_while(|(_, line)| !line.starts_with("## "));
    let rows = rows.filter(|(_, line)| line.starts_with("| "));
    rows.flat_map(|(number, row)| {
        let missing = missing_in_row(row, &exists).into_iter();
        missing.map(move |path| format!("line {number}: `{path}` does not exist"))
    })
    .collect()
}

/// Returns the paths of a row that do not exist. The first is relative to the repository; each further one may be
/// relative to the folder of the first as well.
fn missing_in_row<'a>(row: &'a str, exists: &impl Fn(&Path) -> bool) -> Vec<&'a str> {
    let cell = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
    let paths = cell.split('`').skip(1).step_by(2).filter(|span| is_path(span));
    let mut folder = None;
    let mut missing = Vec::new();
    for path in paths {
        let beside = folder.map(|folder: &Path| folder.join(path));
        if !exists(Path::new(path)) && !beside.is_some_and(|path| exists(&path)) {
            missing.push(path);
        }
        folder = folder.or_else(|| Path::new(path).parent());
    }
    missing
}

/// Returns whether a code span is a path, rather than a command or a pattern.
fn is_path(span: &str) -> bool {
    !span.contains([' ', '<', '*']) && (span.contains('/') || span.contains(".rs"))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const FILES: [&str; 3] =
        ["crates/a/src/one.rs", "crates/a/src/two/", "crates/a/src/two/three.lua"];

    fn check(row: &str) -> Vec<String> {
        let text = format!(
            "{SECTION} …\n\n| I want to … | open |\n|---|---|\n{row}\n\n## Next\n| x | `no/file.rs` |\n"
        );
        let exists = |path: &Path| FILES.iter().any(|file| Path::new(file) == path);
        missing(&file("ARCHITECTURE.md", &text), exists)
    }

    #[test]
    fn a_path_may_be_relative_to_the_folder_of_the_first_one() {
        assert!(
            check("| see it | `crates/a/src/one.rs`, `two/`, and in Lua `two/three.lua` |")
                .is_empty()
        );
        assert!(check("| run it | `cargo run -p a`, `crates/<layer>/src` |").is_empty());
    }

    #[test]
    fn a_path_that_was_renamed_is_reported_with_its_line() {
        assert_eq!(
            check("| see it | `crates/a/src/old.rs`, `two/` |"),
            ["line 5: `crates/a/src/old.rs` does not exist"]
        );
        assert_eq!(
            check("| see it | `crates/a/src/one.rs`, `old.rs` |"),
            ["line 5: `old.rs` does not exist"]
        );
    }

    #[test]
    fn other_pages_are_not_checked() {
        assert!(broken(&file("README.md", "## I want to\n| a | `no/file.rs` |")).is_empty());
    }
}
