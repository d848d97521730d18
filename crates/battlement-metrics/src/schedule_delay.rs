use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until},
};

use crate::{
    Exposition, buckets,
    family::{Buckets, Family, Kind, Labels, Value},
    histogram::Histogram,
};

/// How often the probe is woken.
const EVERY: Duration = Duration::from_millis(100);

const HELP: &str = "How much later than asked for a task of the runtime is run (experimental).";

impl Exposition {
    /// Shows how long tasks of `runtime` wait for a thread: `tokio_schedule_delay_seconds`, what the lag of
    /// the event loop is to Node. A handler that blocks its thread shows up here.
    ///
    /// A task on the runtime sleeps for 100 ms again and again, and tells how much longer it took: up to a
    /// millisecond of that is the timer's own. It ends with the last clone of this page. What a delay of
    /// this task says of others is a guess; take it for a hint. A second call for the same runtime changes nothing.
    #[must_use]
    pub fn schedule_delay(self, runtime: &Handle) -> Self {
        let delays = Arc::new(Histogram::new(1));
        let probed = Arc::downgrade(&delays);
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53 nanoseconds")]
        let bounds: Vec<f64> = buckets::DELAY.iter().map(|bound| *bound as f64 / 1e9).collect();
        let count = self.count();
        let page = self.once("schedule delay", runtime.id(), move |page| {
            let mut family = Family::new("tokio_schedule_delay_seconds", Kind::Histogram, HELP);
            let buckets =
                Buckets { snapshot: delays.snapshot(), bounds: bounds.clone(), scale: 1e9 };
            family.add(Labels::new(), Value::Histogram(Box::new(buckets)));
            page.add(family);
        });
        // The runtime has a probe already where nothing was added.
        if page.count() > count {
            runtime.spawn(probe(probed));
        }
        page
    }
}

async fn probe(delays: Weak<Histogram>) {
    loop {
        let due = Instant::now() + EVERY;
        sleep_until(due).await;
        let Some(delays) = delays.upgrade() else {
            return;
        };
        let delay = due.elapsed().as_nanos();
        delays.record(0, &buckets::DELAY, u64::try_from(delay).unwrap_or(u64::MAX));
    }
}
