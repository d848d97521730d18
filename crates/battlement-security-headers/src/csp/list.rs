use super::Source;

/// The value of a directive as a builder takes it: sources, or texts that are one each.
///
/// A text is not split at its spaces, so that one which came from elsewhere cannot bring a second source.
#[derive(Clone, Debug, Default)]
pub struct SourceList(pub(super) Vec<String>);

impl From<&str> for SourceList {
    fn from(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

impl From<String> for SourceList {
    fn from(text: String) -> Self {
        Self(vec![text])
    }
}

impl From<Source> for SourceList {
    fn from(source: Source) -> Self {
        Self(vec![source.to_string()])
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
        Self(texts)
    }
}

impl FromIterator<Source> for SourceList {
    fn from_iter<I: IntoIterator<Item = Source>>(sources: I) -> Self {
        Self(sources.into_iter().map(|source| source.to_string()).collect())
    }
}

impl<'a> FromIterator<&'a str> for SourceList {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        Self(texts.into_iter().map(str::to_owned).collect())
    }
}
