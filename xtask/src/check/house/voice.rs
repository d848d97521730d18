//! Phrases that hide who does what; see "Language" in CONTRIBUTING.md.

use super::File;

/// Put together from halves, or this file would be the first to break the rule.
const PHRASES: &[&str] = &[
    concat!("no", "body"),
    concat!("some", "body"),
    concat!("who", "ever"),
    concat!("who", " asks"),
    concat!("is ", "told"),
    concat!("told", " once"),
    concat!("turned", " away"),
    concat!("is ", "away"),
    concat!("is no", "ne of"),
    concat!("a", "new"),
];

pub(super) fn broken(file: &File) -> Vec<String> {
    let extension = file.path.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("rs" | "md" | "toml" | "html" | "lua")) {
        return Vec::new();
    }
    file.lines().flat_map(|(number, line)| found(number, line)).collect()
}

fn found(number: usize, line: &str) -> Vec<String> {
    let line = line.to_lowercase();
    let phrases = PHRASES.iter().filter(|phrase| has_words(&line, phrase));
    phrases.map(|phrase| format!("line {number} says `{phrase}`: name the subject")).collect()
}

/// Returns whether `phrase` occurs in `line` between word boundaries.
fn has_words(line: &str, phrase: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(phrase).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + phrase.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_phrase_is_found_in_any_case_with_its_line() {
        let text = format!(
            "First.\n{} waits, and the queue {}.\n",
            concat!("No", "body"),
            concat!("is ", "away")
        );
        let sentences = broken(&file("README.md", &text));
        assert_eq!(sentences.len(), 2);
        assert!(sentences.iter().all(|sentence| sentence.starts_with("line 2")));
    }

    #[test]
    fn a_longer_word_and_an_identifier_are_left_alone() {
        let text = concat!("manew", "ver, is ", "told_causes, x_some", "body");
        assert!(broken(&file("README.md", text)).is_empty());
    }

    #[test]
    fn files_that_hold_no_prose_of_ours_are_left_alone() {
        assert!(broken(&file("LICENSE-APACHE", concat!("who", "ever"))).is_empty());
    }
}
