use std::{cell, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference as _},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};

use super::{Cell, Denied, Left};

/// The generic cell rate algorithm, as governor decides it.
///
/// governor's own stores know no peek, no refund, no bound and no second policy, so it is given one cell on
/// a stage. All its times are relative to now, and what lies on the stage is how far the cell is ahead.
#[derive(Clone, Debug)]
pub(crate) struct Gcra {
    quota: Quota,
    interval: u64,
    capacity: u32,
}

/// Nanoseconds that a cell is ahead.
struct Stage(cell::Cell<u64>);

struct Now;

impl Clock for Now {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::default()
    }
}

impl StateStore for &Stage {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, ahead) = decide(Some(self.0.get().into()))?;
        self.0.set(ahead.into());
        Ok(outcome)
    }
}

impl Gcra {
    /// `capacity` units that come back one by one, each in `interval` nanoseconds; neither is zero.
    pub(crate) fn new(interval: u64, capacity: u32) -> Self {
        let burst = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_nanos(interval.max(1)))
            .expect("an interval of at least a nanosecond")
            .allow_burst(burst);
        Self { quota, interval: interval.max(1), capacity: burst.get() }
    }

    #[cfg(feature = "redis")]
    pub(crate) const fn numbers(&self) -> super::Numbers {
        super::Numbers { kind: 1, nanos: self.interval, units: self.capacity }
    }

    pub(super) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let ahead = self.ahead(cell, now);
        let Some(cost) = NonZeroU32::new(cost) else {
            return Ok(Cell { until: now + ahead, ..cell });
        };
        // governor multiplies before it compares, which a large cost overflows.
        if cost.get() > self.capacity {
            return Err(Denied { wait: None });
        }
        let stage = Stage(cell::Cell::new(ahead));
        let limiter = RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(self.quota, &stage, Now);
        match limiter.check_n(cost) {
            Ok(Ok(())) => Ok(Cell { until: now + stage.0.get(), ..Cell::default() }),
            Ok(Err(not_until)) => {
                let wait = not_until.earliest_possible().duration_since(Nanos::default());
                Err(Denied { wait: Some(wait.into()) })
            }
            Err(_) => Err(Denied { wait: None }),
        }
    }

    pub(super) fn left(&self, cell: Cell, now: u64) -> Left {
        let ahead = self.ahead(cell, now);
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
