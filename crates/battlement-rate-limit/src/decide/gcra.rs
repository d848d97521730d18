use std::{
    cell,
    hash::{Hash, Hasher},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference as _},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::StateStore,
};

use super::{Cell, Denied, Left};

/// The generic cell rate algorithm, as governor decides it.
///
/// governor's own stores know no peek, no refund, no bound and no second policy, so it is given one cell on
/// a stage, as the key. All its times are relative to now, and what lies on the stage is how far the cell is
/// ahead.
#[derive(Debug)]
pub(crate) struct Gcra {
    limiter: RateLimiter<Stage, OnStage, Now, NoOpMiddleware<Nanos>>,
    interval: u64,
    capacity: u32,
}

/// Nanoseconds that a cell is ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stage(cell::Cell<u64>);

#[derive(Debug)]
struct OnStage;

#[derive(Clone, Debug)]
struct Now;

impl Clock for Now {
    type Instant = Nanos;

    #[inline]
    fn now(&self) -> Nanos {
        Nanos::default()
    }
}

impl StateStore for OnStage {
    type Key = Stage;

    #[inline]
    fn measure_and_replace<T, F, E>(&self, stage: &Stage, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, ahead) = decide(Some(stage.0.get().into()))?;
        stage.0.set(ahead.into());
        Ok(outcome)
    }
}

/// Which keys of governor must have; this one is never looked up.
impl Hash for Stage {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.get().hash(hasher);
    }
}

impl Clone for Gcra {
    fn clone(&self) -> Self {
        Self::new(self.interval, self.capacity)
    }
}

impl Gcra {
    /// `capacity` units that come back one by one, each in `interval` nanoseconds; neither is zero.
    pub(crate) fn new(interval: u64, capacity: u32) -> Self {
        let interval = interval.max(1);
        let burst = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_nanos(interval))
            .expect("an interval of at least a nanosecond")
            .allow_burst(burst);
        let limiter = RateLimiter::new(quota, OnStage, Now);
        Self { limiter, interval, capacity: burst.get() }
    }

    #[cfg(feature = "redis")]
    pub(crate) const fn numbers(&self) -> super::Numbers {
        super::Numbers { kind: 1, nanos: self.interval, units: self.capacity }
    }

    /// [`take`](Self::take) and [`left`](Self::left) in one.
    #[inline]
    pub(super) fn charge(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> (Result<(), Denied>, Left) {
        let ahead = self.ahead(*cell, now);
        match self.decide(ahead, cost) {
            Ok(after) => {
                if cost > 0 {
                    *cell = Cell { until: now + after, ..Cell::default() };
                }
                (Ok(()), self.left_of(after))
            }
            Err(denied) => (Err(denied), self.left_of(ahead)),
        }
    }

    pub(super) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let ahead = self.decide(self.ahead(cell, now), cost)?;
        Ok(Cell { until: now + ahead, ..Cell::default() })
    }

    pub(super) fn left(&self, cell: Cell, now: u64) -> Left {
        self.left_of(self.ahead(cell, now))
    }

    /// How far ahead a cell is that was `ahead`, and of which `cost` was taken.
    #[inline]
    fn decide(&self, ahead: u64, cost: u32) -> Result<u64, Denied> {
        let Some(cost) = NonZeroU32::new(cost) else { return Ok(ahead) };
        // governor multiplies before it compares, which a large cost overflows.
        if cost.get() > self.capacity {
            return Err(Denied { wait: None });
        }
        let stage = Stage(cell::Cell::new(ahead));
        match self.limiter.check_key_n(&stage, cost) {
            Ok(Ok(())) => Ok(stage.0.get()),
            Ok(Err(not_until)) => {
                let wait = not_until.earliest_possible().duration_since(Nanos::default());
                Err(Denied { wait: Some(wait.into()) })
            }
            Err(_) => Err(Denied { wait: None }),
        }
    }

    #[inline]
    fn left_of(&self, ahead: u64) -> Left {
        let taken = ahead.div_ceil(self.interval);
        // A unit is there again when the cell is ahead by one interval less, in whole intervals.
        let reset = ahead - taken.saturating_sub(1) * self.interval;
        Left { units: self.capacity - u32::try_from(taken).unwrap_or(self.capacity), reset }
    }

    /// Of what was taken, the last to come back is what was taken last: it has all come back once the cell
    /// is as it would be had it been left alone since.
    pub(super) fn give_back(&self, cell: Cell, now: u64, cost: u32, then: u64, left: Left) -> Cell {
        let taken = self.capacity.saturating_sub(left.units);
        let ahead_then = self.time_of(taken.saturating_sub(1)).saturating_add(left.reset);
        let not_yet_back = ahead_then.saturating_sub(now.saturating_sub(then));
        let given = self.time_of(cost).min(not_yet_back);
        Cell { until: now + self.ahead(cell, now).saturating_sub(given), ..cell }
    }

    fn time_of(&self, units: u32) -> u64 {
        self.interval.saturating_mul(units.into())
    }

    /// No further than all of the burst, which a policy that was replaced may have left behind.
    fn ahead(&self, cell: Cell, now: u64) -> u64 {
        let most = self.interval * u64::from(self.capacity);
        cell.until.saturating_sub(now).min(most)
    }
}
