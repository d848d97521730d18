use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

use crate::Policies;

/// A set of policies that can be replaced while it is read. Clones share it.
///
/// Most sets are never replaced. Until the first replacement, a read costs one check of whether there was one.
#[derive(Clone, Debug)]
pub(crate) struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    first: Policies,
    later: OnceLock<ArcSwap<Policies>>,
}

/// The policies that apply to a request.
pub(crate) enum Held<'a> {
    First(&'a Policies),
    Later(Guard<Arc<Policies>>),
    /// Policies of a tier.
    Chosen(Policies),
}

impl Live {
    pub(crate) fn new(policies: Policies) -> Self {
        Self(Arc::new(Inner { first: policies, later: OnceLock::new() }))
    }

    #[inline]
    pub(crate) fn read(&self) -> Held<'_> {
        match self.0.later.get() {
            None => Held::First(&self.0.first),
            Some(later) => Held::replaced(later),
        }
    }

    pub(crate) fn replace(&self, policies: Policies) {
        let policies = Arc::new(policies);
        self.0.later.get_or_init(|| ArcSwap::new(Arc::clone(&policies))).store(policies);
    }
}

impl Held<'_> {
    /// Reads replaced policies. Not inlined, so that the check before it is, which suffices for most readers.
    #[inline(never)]
    fn replaced(later: &ArcSwap<Policies>) -> Self {
        Self::Later(later.load())
    }

    #[inline]
    pub(crate) fn get(&self) -> &Policies {
        match self {
            Self::First(policies) => policies,
            Self::Later(policies) => policies,
            Self::Chosen(policies) => policies,
        }
    }
}
