use std::sync::OnceLock;

use crate::{
    gauge::Gauge,
    names::{OVERFLOW, Subject},
};

/// Gauges of the requests in flight, by client, method and scheme.
#[derive(Debug)]
pub(crate) struct Active {
    /// A gauge for each combination, created on first use.
    gauges: Box<[OnceLock<Gauge>]>,
    last_owner: usize,
    methods: usize,
    shards: usize,
}

/// The part of a [`Key`](crate::key::Key) that is known when a request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKey {
    /// The number of the client; 0 on a server.
    pub(crate) owner: Subject,
    pub(crate) method: u8,
    pub(crate) https: bool,
}

impl Active {
    /// Creates gauges for the owners below `owners`; all larger numbers share one gauge.
    pub(crate) fn new(owners: usize, methods: usize, shards: usize) -> Self {
        let count = (owners + 1) * methods * 2;
        let gauges = std::iter::repeat_with(OnceLock::new).take(count).collect();
        Self { gauges, last_owner: owners, methods, shards }
    }

    #[inline]
    pub(crate) fn add(&self, shard: usize, of: ActiveKey, change: i64) {
        let owner = usize::from(of.owner).min(self.last_owner);
        let place = (owner * self.methods + usize::from(of.method)) * 2 + usize::from(of.https);
        self.gauges[place].get_or_init(|| Gauge::new(self.shards)).add(shard, change);
    }

    pub(crate) fn snapshot(&self) -> impl Iterator<Item = (ActiveKey, i64)> {
        let gauges = self.gauges.iter().enumerate();
        gauges.filter_map(|(place, gauge)| Some((self.key(place), gauge.get()?.value())))
    }

    fn key(&self, place: usize) -> ActiveKey {
        let (owner, rest) = (place / (2 * self.methods), place % (2 * self.methods));
        ActiveKey {
            owner: Subject::try_from(owner).unwrap_or(OVERFLOW),
            method: u8::try_from(rest / 2).unwrap_or(u8::MAX),
            https: rest % 2 == 1,
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.gauges.iter().any(|gauge| gauge.get().is_some())
    }

    pub(crate) fn total(&self) -> i64 {
        self.snapshot().map(|(_, value)| value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_owner_method_and_scheme_has_its_gauge_and_the_rest_shares_one() {
        let active = Active::new(2, 3, 1);
        let keys = [(0, 0, false), (0, 2, true), (1, 1, false)];
        let keys = keys.map(|(owner, method, https)| ActiveKey { owner, method, https });
        keys.iter().for_each(|key| active.add(0, *key, 1));
        assert!(active.snapshot().eq(keys.map(|key| (key, 1))));
        active.add(0, ActiveKey { owner: OVERFLOW, method: 0, https: false }, 5);
        assert_eq!(active.total(), 8);
    }
}
