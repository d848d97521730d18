use std::fmt;

use super::Source;

/// The value of a directive as a builder takes it: sources, or texts of one source each.
///
/// A text is not split at spaces, so that text from elsewhere cannot add a second source.
#[derive(Clone, Debug, Default)]
pub struct SourceList(pub(super) Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether it may be one that this crate does not know.
    pub(super) unchecked: bool,
}

impl Word {
    pub(super) const fn checked(text: String) -> Self {
        Self { text, unchecked: false }
    }
}

impl SourceList {
    /// Creates a list from the texts of a configuration file, of which some are marked as unchecked.
    #[cfg(feature = "serde")]
    pub(crate) fn marked(texts: impl IntoIterator<Item = (String, bool)>) -> Self {
        Self(texts.into_iter().map(|(text, unchecked)| Word { text, unchecked }).collect())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Source> for Word {
    fn from(source: Source) -> Self {
        Self { text: source.to_string(), unchecked: source.is_unchecked() }
    }
}

impl From<&str> for SourceList {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for SourceList {
    fn from(text: String) -> Self {
        Self(vec![Word::checked(text)])
    }
}

impl From<Source> for SourceList {
    fn from(source: Source) -> Self {
        Self(vec![source.into()])
    }
}

impl<const N: usize> From<[&str; N]> for SourceList {
    fn from(texts: [&str; N]) -> Self {
        texts.into_iter().collect()
    }
}

impl<const N: usize> From<[Source; N]> for SourceList {
    fn from(sources: [Source; N]) -> Self {
        sources.into_iter().collect()
    }
}

impl From<Vec<String>> for SourceList {
    fn from(texts: Vec<String>) -> Self {
        Self(texts.into_iter().map(Word::checked).collect())
    }
}

impl FromIterator<Source> for SourceList {
    fn from_iter<I: IntoIterator<Item = Source>>(sources: I) -> Self {
        Self(sources.into_iter().map(Word::from).collect())
    }
}

impl<'a> FromIterator<&'a str> for SourceList {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        Self(texts.into_iter().map(|text| Word::checked(text.to_owned())).collect())
    }
}
