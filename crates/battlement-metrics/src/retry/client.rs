use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use battlement_retry::{AttemptOutcome, Budgets, Observe, StopReason};
use tokio::time::Instant;

use crate::{
    buckets::PROMETHEUS,
    family::{Buckets, Families, Family, Kind, Labels, Value},
    gauge::Gauge,
    histogram::Histogram,
    shard,
};

/// The observer of the retries of one client, created by [`RetryMetrics::client`](super::RetryMetrics::client).
///
/// If several layers have it, their counts are added up, and the budget shown is that of the layer that was applied
/// last.
#[derive(Clone)]
pub struct ClientRetries(Arc<Counts>);

/// The counts of one client.
pub(super) struct Counts {
    /// The name; `None` for the clients beyond the limit.
    name: Option<Box<str>>,
    attempts: [Gauge; AttemptOutcome::ALL.len()],
    stopped: [Gauge; StopReason::ALL.len()],
    waits: Histogram,
    hedges: [Gauge; 2],
    hedges_stopped: [Gauge; StopReason::ALL.len()],
    budgets: Mutex<Option<Budgets>>,
}

const ATTEMPTS: &str = "Attempts that have ended, also the first of a call.";
const RETRIES: &str =
    "Retries that were decided, also those whose call was dropped during the wait.";
const WAITS: &str = "Wait before each retry.";
const STOPPED: &str =
    "Failed calls that went back to the caller, by the reason why no further attempt followed.";
const HEDGES: &str = "Copies of slow calls that were sent beside an earlier copy.";
const WON: &str = "Copies of slow calls whose response went back to the caller.";
const NOT_SENT: &str = "Copies of slow calls that were due and were not sent, by reason.";
const REMAINING: &str =
    "Retries left in the budget; of the authority with the fewest, if each has its own budget.";
const AUTHORITIES: &str = "Authorities with a retry budget of their own.";
const MOST: &str = "Number of authorities at which further ones share a retry budget.";

const NANOS: f64 = 1e9;

impl ClientRetries {
    pub(super) const fn new(counts: Arc<Counts>) -> Self {
        Self(counts)
    }
}

impl Observe for ClientRetries {
    fn applied(&self, budgets: &Budgets) {
        *self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner) = Some(budgets.clone());
    }

    fn attempt(&self, outcome: AttemptOutcome) {
        count(&self.0.attempts, &AttemptOutcome::ALL, outcome);
    }

    fn retry(&self, wait: Duration) {
        let nanos = wait.as_nanos().try_into().unwrap_or(u64::MAX);
        self.0.waits.record(shard::mine(), &PROMETHEUS, nanos);
    }

    fn stopped(&self, reason: StopReason) {
        count(&self.0.stopped, &StopReason::ALL, reason);
    }

    fn hedge(&self) {
        self.0.hedges[0].add(shard::mine(), 1);
    }

    fn hedge_won(&self) {
        self.0.hedges[1].add(shard::mine(), 1);
    }

    fn hedge_stopped(&self, reason: StopReason) {
        count(&self.0.hedges_stopped, &StopReason::ALL, reason);
    }
}

/// Adds 1 to the count of `one`, whose place in `all` it has.
fn count<T: PartialEq, const N: usize>(counts: &[Gauge; N], all: &[T; N], one: T) {
    if let Some(place) = all.iter().position(|each| *each == one) {
        counts[place].add(shard::mine(), 1);
    }
}

impl Counts {
    pub(super) fn of(name: &str) -> Self {
        Self { name: Some(name.into()), ..Self::beyond() }
    }

    /// Creates the counts of the clients beyond the limit.
    pub(super) fn beyond() -> Self {
        let shards = shard::default_count();
        Self {
            name: None,
            attempts: std::array::from_fn(|_| Gauge::new(shards)),
            stopped: std::array::from_fn(|_| Gauge::new(shards)),
            waits: Histogram::new(shards),
            hedges: [(); 2].map(|()| Gauge::new(shards)),
            hedges_stopped: std::array::from_fn(|_| Gauge::new(shards)),
            budgets: Mutex::default(),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Returns the number of attempts.
    pub(super) fn attempts(&self) -> f64 {
        self.attempts.iter().map(number).sum()
    }

    fn labels(&self) -> Labels {
        match &self.name {
            Some(name) => vec![("client".into(), String::from(&**name))],
            None => Family::overflow_labels(),
        }
    }

    /// Adds the waits, and their number as that of the retries.
    fn add_waits(&self, retries: &mut Family, waits: &mut Family) {
        let snapshot = self.waits.snapshot();
        retries.add(self.labels(), Value::Number(float(snapshot.count())));
        let bounds = PROMETHEUS.iter().map(|bound| float(*bound) / NANOS).collect();
        let buckets = Box::new(Buckets { snapshot, bounds, scale: NANOS });
        waits.add(self.labels(), Value::Histogram(buckets));
    }

    /// Adds a series for each value of `label`.
    fn add_all<'a>(
        &self,
        family: &mut Family,
        label: &'static str,
        counts: impl Iterator<Item = (&'static str, &'a Gauge)>,
    ) {
        for (value, count) in counts {
            let mut labels = self.labels();
            labels.push((label.into(), value.to_owned()));
            family.add(labels, Value::Number(number(count)));
        }
    }
}

/// Adds the metrics of `clients`.
pub(super) fn page<'a>(clients: impl Iterator<Item = &'a Counts>, page: &mut Families) {
    let counter = |name, help| Family::new(name, Kind::Counter, help);
    let mut attempts = counter("battlement_retry_attempts", ATTEMPTS);
    let mut stopped = counter("battlement_retry_stopped", STOPPED);
    let mut retries = counter("battlement_retry_retries", RETRIES);
    let mut waits = Family::new("battlement_retry_wait_seconds", Kind::Histogram, WAITS);
    let mut hedges = counter("battlement_retry_hedges", HEDGES);
    let mut won = counter("battlement_retry_hedges_won", WON);
    let mut not_sent = counter("battlement_retry_hedges_stopped", NOT_SENT);
    let mut budgets = BudgetFamilies::new();
    let (outcomes, reasons) =
        (AttemptOutcome::ALL.map(AttemptOutcome::as_str), StopReason::ALL.map(StopReason::as_str));
    for client in clients {
        client.add_all(&mut attempts, "outcome", outcomes.into_iter().zip(&client.attempts));
        client.add_all(&mut stopped, "reason", reasons.into_iter().zip(&client.stopped));
        client.add_all(&mut not_sent, "reason", reasons.into_iter().zip(&client.hedges_stopped));
        client.add_waits(&mut retries, &mut waits);
        for (family, count) in [&mut hedges, &mut won].into_iter().zip(&client.hedges) {
            family.add(client.labels(), Value::Number(number(count)));
        }
        budgets.add(client);
    }
    let counts = [attempts, retries, waits, stopped, hedges, won, not_sent];
    counts.into_iter().chain(budgets.0).for_each(|family| page.add(family));
}

/// The metrics that are read from the budgets.
struct BudgetFamilies([Family; 3]);

impl BudgetFamilies {
    fn new() -> Self {
        Self([
            Family::new("battlement_retry_budget_remaining", Kind::Gauge, REMAINING),
            Family::new("battlement_retry_budget_authorities", Kind::Gauge, AUTHORITIES),
            Family::new("battlement_retry_budget_authorities_max", Kind::Gauge, MOST),
        ])
    }

    fn add(&mut self, client: &Counts) {
        let budgets = client.budgets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(budgets) = budgets else { return };
        let (number, most) = budgets.authorities().unzip();
        let (number, most) = (number.map(|n| n as u64), most.map(|n| n as u64));
        let values = [budgets.remaining(Instant::now()), number, most];
        for (family, value) in self.0.iter_mut().zip(values) {
            if let Some(value) = value {
                family.add(client.labels(), Value::Number(float(value)));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
fn number(count: &Gauge) -> f64 {
    count.value() as f64
}

impl fmt::Debug for ClientRetries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRetries").field("client", &self.0.name).finish_non_exhaustive()
    }
}
