use crate::slots::Slots;

/// Which of the [`Names`] a series is about.
pub(crate) type Subject = u16;

/// No name is known: there is no label.
pub(crate) const UNKNOWN: Subject = Subject::MAX;

/// There were more names than may be.
pub(crate) const OVERFLOW: Subject = Subject::MAX - 1;

/// The most names there can be numbers for, in a table that is at most half full.
pub(crate) const MOST: usize = 1 << 14;

/// Route templates, client names or gRPC methods: each gets a number, up to a cap.
#[derive(Debug)]
pub(crate) struct Names(Slots<Box<str>>);

impl Names {
    pub(crate) fn new(max: usize) -> Self {
        Self(Slots::new(max.min(MOST)))
    }

    /// The number of `text`, a new one if it was never seen.
    #[inline]
    pub(crate) fn number(&self, text: &str) -> Subject {
        let named = self.0.get_or_insert(text, |name| **name == *text, || text.into());
        named.map_or(OVERFLOW, |(at, _)| subject(at))
    }

    /// The number of `text`, if it was seen.
    pub(crate) fn find(&self, text: &str) -> Option<Subject> {
        self.0.find(text, |name| **name == *text).map(|(at, _)| subject(at))
    }

    /// All numbers are below this.
    pub(crate) fn numbers(&self) -> usize {
        self.0.capacity()
    }

    pub(crate) fn text(&self, number: Subject) -> Option<&str> {
        self.0.at(number.into()).map(AsRef::as_ref)
    }
}

fn subject(at: usize) -> Subject {
    Subject::try_from(at).unwrap_or(OVERFLOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_and_a_number_one_name() {
        let names = Names::new(2);
        let (a, b) = (names.number("/a"), names.number("/b"));
        assert_eq!((names.number("/a"), names.find("/b"), names.find("/c")), (a, Some(b), None));
        assert_eq!((names.text(a), names.text(b)), (Some("/a"), Some("/b")));
        assert_eq!((names.number("/c"), names.text(OVERFLOW)), (OVERFLOW, None));
    }
}
