use std::collections::BTreeMap;

/// What became of one request, in the words of the metrics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Outcome {
    pub(crate) family: Family,
    /// Empty where there was no answer.
    pub(crate) status: String,
    /// Empty where nothing went wrong.
    pub(crate) error: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Request,
    Stream,
}

/// What callers have seen, to be compared with what was counted.
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
