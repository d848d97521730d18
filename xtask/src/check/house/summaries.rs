//! Summaries, function names and messages open as the standard library's do.

use std::path::Path;
use std::str::FromStr;

use proc_macro2::TokenStream;

use super::File;
use super::tokens::{Piece, pieces};

/// Openings that hide the subject of a sentence.
const HIDDEN_SUBJECT: &[&str] = &[
    "who",
    concat!("who", "ever"),
    "whom",
    "whose",
    "what",
    "whatever",
    "that",
    "those",
    "these",
    "it",
    "one",
    "of",
    concat!("nob", "ody"),
    concat!("som", "ebody"),
    "anybody",
    "everybody",
    "nothing",
    "none",
    "not",
    "so",
];

/// Words that open the name of a constructor or of a reader, as `of_request` or `that`.
const FINE_IN_NAMES: &[&str] = &["of", "that", "one", "not", "none", "so"];

/// Words that end as a verb in the third person does, and are something else.
const NOT_A_VERB: &[&str] = &[
    "this", "its", "as", "his", "plus", "less", "was", "always", "perhaps", "us", "ours", "theirs",
    "hers",
];

pub(super) fn broken(file: &File) -> Vec<String> {
    if file.path.extension().is_none_or(|extension| extension != "rs") || is_generated(&file.text) {
        return Vec::new();
    }
    match TokenStream::from_str(&file.text) {
        Ok(tokens) => {
            let strings_count = !is_test(&file.path);
            pieces(tokens).iter().filter_map(|piece| fault(piece, strings_count)).collect()
        }
        Err(error) => vec![format!("cannot be read as Rust: {error}")],
    }
}

/// Returns whether a generator wrote the file, with its own texts.
fn is_generated(text: &str) -> bool {
    text.starts_with("// @generated")
}

/// Tests hand all kinds of text to what they test.
fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

fn fault(piece: &Piece, strings_count: bool) -> Option<String> {
    match piece {
        Piece::Summary { line, text, of_function } => summary_fault(text, *of_function)
            .map(|rule| format!("line {line}: the summary `{}` {rule}", start(text))),
        Piece::Function { line, name } => {
            let hidden = name
                .split_once('_')
                .is_some_and(|(first, _)| hides_subject(first) && !FINE_IN_NAMES.contains(&first));
            hidden.then(|| format!("line {line}: the name `{name}` opens without a subject"))
        }
        // A single word is a value of some protocol, not a sentence.
        Piece::Text { line, text } if strings_count && text.trim().contains(' ') => {
            let hidden = hides_subject(first_word(text));
            hidden.then(|| {
                format!("line {line}: the message `{}` opens without a subject", start(text))
            })
        }
        Piece::Text { .. } => None,
    }
}

fn summary_fault(text: &str, of_function: bool) -> Option<&'static str> {
    let first = first_word(text);
    if hides_subject(first) {
        Some("opens without a subject")
    } else if of_function && !is_third_person(first) {
        Some("must open with a verb, as `Returns`, since it documents a function")
    } else {
        None
    }
}

fn hides_subject(word: &str) -> bool {
    HIDDEN_SUBJECT.iter().any(|hidden| word.eq_ignore_ascii_case(hidden))
}

fn is_third_person(word: &str) -> bool {
    word.ends_with('s')
        && word.starts_with(char::is_uppercase)
        && !NOT_A_VERB.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn first_word(text: &str) -> &str {
    let end =
        |character: char| !character.is_alphanumeric() && character != '_' && character != '`';
    text.trim_start().split(end).next().unwrap_or_default()
}

fn start(text: &str) -> String {
    text.chars().take(50).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    /// A subject that hides who does what, in two halves.
    const ASKS: &str = concat!("Who", "ever asks");

    fn faults(text: &str) -> Vec<String> {
        broken(&file("crates/a/src/lib.rs", text))
    }

    #[test]
    fn a_summary_without_a_subject_is_found_on_every_kind_of_item() {
        for item in [
            "struct A;",
            "enum A {}",
            "const A: u8 = 1;",
            "mod a {}",
            "macro_rules! a { () => {} }",
        ] {
            let found = faults(&format!("/// {ASKS}.\n{item}\n"));
            assert_eq!(found.len(), 1, "{item}");
            assert!(found[0].starts_with("line 1") && found[0].contains(ASKS), "{found:?}");
        }
        assert_eq!(faults("//! What is here.\n").len(), 1);
        assert_eq!(faults("struct A {\n    /// Those that wait.\n    a: u8,\n}").len(), 1);
        assert_eq!(faults("pin_project! {\n    /// It waits.\n    struct A;\n}").len(), 1);
    }

    #[test]
    fn a_function_must_open_with_a_verb_and_a_type_need_not() {
        for head in ["fn a() {}", "pub(crate) const fn a() {}", "#[must_use]\npub async fn a() {}"]
        {
            assert_eq!(faults(&format!("/// The number of calls.\n{head}")).len(), 1, "{head}");
            assert!(
                faults(&format!("/// Returns the number of calls.\n{head}")).is_empty(),
                "{head}"
            );
        }
        assert!(faults("/// The number of calls.\nstruct A;").is_empty());
        assert_eq!(faults("/// This returns.\nfn a() {}").len(), 1);
    }

    #[test]
    fn a_generated_file_is_left_alone() {
        let text = "/// Attempt to connect.\nfn a() {}";
        assert_eq!(faults(text).len(), 1);
        assert!(faults(&format!("// @generated from a.proto\n\n{text}")).is_empty());
    }

    #[test]
    fn only_the_first_line_of_a_comment_is_its_summary() {
        assert!(faults("/// A number.\n///\n/// It is even.\nstruct A;").is_empty());
    }

    #[test]
    fn a_message_without_a_subject_is_found_in_macros_and_in_calls() {
        assert_eq!(faults("fn a() { warn!(b, \"it did not answer\") }").len(), 1);
        assert_eq!(faults("fn a() { b(\"none is there\") }").len(), 1);
        assert_eq!(faults("const A: &str = \"What is wrong\";").len(), 1);
        assert!(faults("fn a() { warn!(\"Redis did not answer\") }").is_empty());
    }

    #[test]
    fn a_single_word_is_a_value_and_no_message() {
        assert!(faults("const A: &str = \"none\";").is_empty());
    }

    #[test]
    fn messages_of_tests_are_left_alone_and_their_names_are_not() {
        assert!(faults("#[cfg(test)]\nmod tests { fn a() { b(\"not a number\") } }").is_empty());
        assert!(broken(&file("crates/a/tests/b.rs", "fn a() { b(\"not a number\") }")).is_empty());
        assert_eq!(faults("#[cfg(test)]\nmod tests { fn who_waits_is_admitted() {} }").len(), 1);
        assert_eq!(broken(&file("crates/a/tests/b.rs", "fn what_is_lost() {}")).len(), 1);
    }
}
