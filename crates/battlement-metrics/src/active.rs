use crate::{gauge::Gauge, key::Key, names::Subject, slots::Slots};

/// How many requests are under way, by whom they are of (for clients), method and scheme.
#[derive(Debug)]
pub(crate) struct Active {
    slots: Slots<One>,
    rest: Gauge,
    shards: usize,
}

#[derive(Debug)]
struct One {
    of: ActiveKey,
    gauge: Gauge,
}

/// What of a [`Key`] is known when a request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKey {
    pub(crate) subject: Subject,
    pub(crate) method: u8,
    pub(crate) https: bool,
}

impl ActiveKey {
    fn packed(self) -> u64 {
        Key { subject: self.subject, method: self.method, https: self.https, ..Key::OVERFLOW }
            .packed()
    }
}

impl Active {
    pub(crate) fn new(max: usize, shards: usize) -> Self {
        Self { slots: Slots::new(max), rest: Gauge::new(shards), shards }
    }

    /// Adds to the gauge of `of`. What was added there is to be taken away there, which holds since a
    /// gauge that found no room never finds any.
    pub(crate) fn add(&self, of: ActiveKey, change: i64) {
        let make = || One { of, gauge: Gauge::new(self.shards) };
        let found = self.slots.get_or_insert(of.packed(), |one| one.of == of, make);
        found.map_or(&self.rest, |(_, one)| &one.gauge).add(change);
    }

    pub(crate) fn snapshot(&self) -> impl Iterator<Item = (ActiveKey, i64)> {
        self.slots.iter().map(|one| (one.of, one.gauge.value()))
    }

    pub(crate) fn is_used(&self) -> bool {
        self.slots.len() > 0
    }

    pub(crate) fn total(&self) -> i64 {
        self.snapshot().map(|(_, value)| value).sum::<i64>() + self.rest.value()
    }
}
