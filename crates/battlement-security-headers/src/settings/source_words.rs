use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

/// The words of a text, split at spaces, or of a list, one per item.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceWords(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for SourceWords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = SourceWords;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, text: &str) -> Result<SourceWords, E> {
        let words: Vec<_> = text.split_ascii_whitespace().map(str::to_owned).collect();
        Ok(SourceWords(if text.is_empty() { vec![String::new()] } else { words }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SourceWords, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(SourceWords(words))
    }
}

/// A token, or a list of tokens. An empty string is a token as well.
#[derive(Clone, Debug)]
pub(super) struct Tokens(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokensVisitor)
    }
}

struct TokensVisitor;

impl<'de> Visitor<'de> for TokensVisitor {
    type Value = Tokens;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, token: &str) -> Result<Tokens, E> {
        Ok(Tokens(vec![token.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Tokens, A::Error> {
        WordsVisitor.visit_seq(list).map(|SourceWords(tokens)| Tokens(tokens))
    }
}
