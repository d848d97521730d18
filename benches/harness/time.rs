use std::time::Duration;

use crate::{Batch, Case};

const ROUNDS: usize = 200;
/// Short enough for both batches of a pair to run under the same load of the machine.
const BATCH: Duration = Duration::from_millis(1);

/// The time that a layer costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time {
    /// Time with the layer divided by time without it, for two adjacent batches.
    pub(crate) ratio: Quartiles,
    /// Median time that the layer adds to a request, in nanoseconds.
    pub(crate) added: f64,
    /// Median time of a request without the layer, in nanoseconds.
    pub(crate) base: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quartiles {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

/// Times all cases in alternation, so that a phase of high load affects all of them.
pub(crate) fn measure(cases: &[Case]) -> Vec<Time> {
    let mut pairs: Vec<Pair<'_>> = cases.iter().map(Pair::new).collect();
    for _ in 0..ROUNDS {
        pairs.iter_mut().for_each(Pair::round);
    }
    pairs.iter().map(Pair::time).collect()
}

struct Pair<'a> {
    base: SizedBatch<'a>,
    layered: SizedBatch<'a>,
    rounds: Vec<(f64, f64)>,
}

impl<'a> Pair<'a> {
    fn new(case: &'a Case) -> Self {
        Self {
            base: SizedBatch::new(&case.base),
            layered: SizedBatch::new(&case.layered),
            rounds: Vec::with_capacity(ROUNDS),
        }
    }

    fn round(&mut self) {
        self.rounds.push((self.base.nanos_per_request(), self.layered.nanos_per_request()));
    }

    fn time(&self) -> Time {
        let of = |figure: fn(&(f64, f64)) -> f64| quartiles(self.rounds.iter().map(figure));
        Time {
            ratio: of(|(base, layered)| layered / base),
            added: of(|(base, layered)| layered - base).median,
            base: of(|(base, _)| *base).median,
        }
    }
}

/// A batch and the number of requests that takes about [`BATCH`].
struct SizedBatch<'a> {
    batch: &'a Batch,
    requests: u64,
}

impl<'a> SizedBatch<'a> {
    fn new(batch: &'a Batch) -> Self {
        const TRIAL: u64 = 2_000;
        batch.run(TRIAL);
        let per_request = batch.time(TRIAL).as_nanos().max(1) / u128::from(TRIAL);
        let requests = BATCH.as_nanos() / per_request.max(1);
        Self { batch, requests: u64::try_from(requests).unwrap_or(u64::MAX).max(1) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a batch has far fewer than 2^52 requests")]
    fn nanos_per_request(&self) -> f64 {
        self.batch.time(self.requests).as_secs_f64() * 1e9 / self.requests as f64
    }
}

fn quartiles(values: impl Iterator<Item = f64>) -> Quartiles {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
    Quartiles { low: at(1), median: at(2), high: at(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_do_not_depend_on_the_order() {
        let actual = quartiles([5.0, 1.0, 4.0, 2.0, 3.0].into_iter());
        let expected = Quartiles { low: 2.0, median: 3.0, high: 4.0 };
        assert_eq!(actual, expected);
    }
}
