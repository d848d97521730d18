use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};

use crate::Policies;

/// A set of policies that can be replaced while it is read. Clones share it.
///
/// Most sets are never replaced. Until the first replacement, a read costs one check of whether there was one.
#[derive(Clone, Debug)]
pub(crate) struct Swappable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    initial: Policies,
    replaced: OnceLock<ArcSwap<Policies>>,
}

/// The policies that apply to a request.
pub(crate) enum CurrentPolicies<'a> {
    Initial(&'a Policies),
    Replaced(Guard<Arc<Policies>>),
    /// Policies of a tier.
    Chosen(Policies),
}

impl Swappable {
    pub(crate) fn new(policies: Policies) -> Self {
        Self(Arc::new(Inner { initial: policies, replaced: OnceLock::new() }))
    }

    #[inline]
    pub(crate) fn read(&self) -> CurrentPolicies<'_> {
        match self.0.replaced.get() {
            None => CurrentPolicies::Initial(&self.0.initial),
            Some(replaced) => CurrentPolicies::replaced(replaced),
        }
    }

    pub(crate) fn replace(&self, policies: Policies) {
        let policies = Arc::new(policies);
        self.0.replaced.get_or_init(|| ArcSwap::new(Arc::clone(&policies))).store(policies);
    }
}

impl CurrentPolicies<'_> {
    /// Reads replaced policies. Not inlined, so that the check before it is, which suffices for most readers.
    #[inline(never)]
    fn replaced(replaced: &ArcSwap<Policies>) -> Self {
        Self::Replaced(replaced.load())
    }

    #[inline]
    pub(crate) fn get(&self) -> &Policies {
        match self {
            Self::Initial(policies) => policies,
            Self::Replaced(policies) => policies,
            Self::Chosen(policies) => policies,
        }
    }
}
