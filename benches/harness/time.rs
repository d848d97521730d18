use std::time::Duration;

use crate::{Batch, Case};

const ROUNDS: usize = 200;
/// Short enough for both batches of a pair to meet the same neighbours on the machine.
const BATCH: Duration = Duration::from_millis(1);

/// What a layer costs in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time {
    /// Time with the layer over time without, of two batches next to each other.
    pub(crate) ratio: Quartiles,
    /// Nanoseconds that the layer adds to a request, in the median.
    pub(crate) added: f64,
    /// Nanoseconds of a request without the layer, in the median.
    pub(crate) base: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quartiles {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

/// Times all cases in turns, so that a loaded moment falls on all of them.
pub(crate) fn measure(cases: &[Case]) -> Vec<Time> {
    let mut pairs: Vec<Pair<'_>> = cases.iter().map(Pair::new).collect();
    for _ in 0..ROUNDS {
        pairs.iter_mut().for_each(Pair::round);
    }
    pairs.iter().map(Pair::time).collect()
}

struct Pair<'a> {
    base: Sized<'a>,
    layered: Sized<'a>,
    rounds: Vec<(f64, f64)>,
}

impl<'a> Pair<'a> {
    fn new(case: &'a Case) -> Self {
        Self {
            base: Sized::new(&case.base),
            layered: Sized::new(&case.layered),
            rounds: Vec::with_capacity(ROUNDS),
        }
    }

    fn round(&mut self) {
        self.rounds.push((self.base.nanos(), self.layered.nanos()));
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

/// A batch and the number of requests that take it about as long as a batch is to take.
struct Sized<'a> {
    batch: &'a Batch,
    requests: u64,
}

impl<'a> Sized<'a> {
    fn new(batch: &'a Batch) -> Self {
        const TRIAL: u64 = 2_000;
        batch.run(TRIAL);
        let each = batch.time(TRIAL).as_nanos().max(1) / u128::from(TRIAL);
        let requests = BATCH.as_nanos() / each.max(1);
        Self { batch, requests: u64::try_from(requests).unwrap_or(u64::MAX).max(1) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a batch is far from 2^52 requests")]
    fn nanos(&self) -> f64 {
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
        let found = quartiles([5.0, 1.0, 4.0, 2.0, 3.0].into_iter());
        let expected = Quartiles { low: 2.0, median: 3.0, high: 4.0 };
        assert_eq!(found, expected);
    }
}
