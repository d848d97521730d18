use std::borrow::Cow;

/// The classes of a layer, the highest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    names: Box<[Cow<'static, str>]>,
    /// The index of the class of a request that names none, or an unknown one.
    default: usize,
}

/// The class of a layer without classes, and of requests that name no class.
pub(crate) const DEFAULT: &str = "default";

impl Classes {
    /// Creates the classes `names`, of which there is at least one. Without a `default`, that is the class of this name,
    /// or else the lowest.
    pub(crate) fn new(names: Vec<Cow<'static, str>>, default: Option<&str>) -> Self {
        let position = |name: &str| names.iter().position(|known| known == name);
        let default = position(default.unwrap_or(DEFAULT)).unwrap_or(names.len() - 1);
        Self { names: names.into(), default }
    }

    /// Returns the index of the class `name`; that of the default class if the name is unknown.
    #[inline]
    pub(crate) fn index(&self, name: &str) -> usize {
        self.position(name).unwrap_or(self.default)
    }

    #[inline]
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| is_same(known, name))
    }

    #[inline]
    pub(crate) const fn default_class(&self) -> usize {
        self.default
    }

    pub(crate) const fn names(&self) -> &[Cow<'static, str>] {
        &self.names
    }

    #[inline]
    pub(crate) const fn is_one(&self) -> bool {
        self.names.len() == 1
    }
}

/// Returns whether two names are equal. Most are the same literal, which needs no comparison of its bytes.
#[inline]
fn is_same(known: &str, name: &str) -> bool {
    known.len() == name.len() && (std::ptr::eq(known, name) || known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[&'static str], default: Option<&str>) -> Classes {
        Classes::new(names.iter().map(|name| Cow::Borrowed(*name)).collect(), default)
    }

    #[test]
    fn an_unknown_class_is_the_default_one() {
        let three = classes(&["critical", "default", "batch"], None);
        assert_eq!(["critical", "default", "batch"].map(|name| three.index(name)), [0, 1, 2]);
        assert_eq!(["", "Critical", "batches"].map(|name| three.index(name)), [1, 1, 1]);
        assert_eq!(three.position("none"), None);
    }

    #[test]
    fn without_a_class_of_the_name_default_the_lowest_is_the_default_one() {
        assert_eq!(classes(&["high", "low"], None).default_class(), 1);
        assert_eq!(classes(&["high", "low"], Some("high")).default_class(), 0);
    }
}
