use crate::slots::Slots;

/// The number of a name in [`Names`].
pub(crate) type Subject = u16;

/// The name is unknown: the label is absent.
pub(crate) const UNKNOWN: Subject = Subject::MAX;

/// The name exceeded the limit.
pub(crate) const OVERFLOW: Subject = Subject::MAX - 1;

/// The maximum number of names, in a table that is at most half full.
pub(crate) const MOST: usize = 1 << 14;

/// A bounded interner of route templates, client names or gRPC methods.
#[derive(Debug)]
pub(crate) struct Names(Slots<Box<str>>);

impl Names {
    pub(crate) fn new(max: usize) -> Self {
        Self(Slots::new(max.min(MOST)))
    }

    /// Returns the number of `text`, and assigns one to a new text.
    #[inline]
    pub(crate) fn number(&self, text: &str) -> Subject {
        let named = self.0.get_or_insert(text, |name| **name == *text, || text.into());
        named.map_or(OVERFLOW, |(at, _)| subject(at))
    }

    /// Returns the number of `text`, if it has one.
    pub(crate) fn find(&self, text: &str) -> Option<Subject> {
        self.0.find(text, |name| **name == *text).map(|(at, _)| subject(at))
    }

    /// Returns the exclusive upper bound of all numbers.
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
