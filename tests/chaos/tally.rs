use std::collections::BTreeMap;

/// The outcome of one request, as the labels of the metrics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Outcome {
    pub(crate) family: Family,
    /// Empty without a response.
    pub(crate) status: String,
    /// Empty without an error.
    pub(crate) error: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Request,
    Stream,
}

/// The outcomes that callers observed, to be compared with the metrics.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.calls += 1;
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
    }
}
