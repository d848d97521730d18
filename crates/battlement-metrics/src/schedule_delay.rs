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

/// The interval of the probe.
const EVERY: Duration = Duration::from_millis(100);

const HELP: &str =
    "Delay between the wake-up and the poll of a task on the runtime (experimental).";

impl Exposition {
    /// Shows how long tasks of `runtime` wait for a thread, as `tokio_schedule_delay_seconds`, the counterpart of
    /// Node's event loop lag. A handler that blocks its thread becomes visible here.
    ///
    /// A task on the runtime sleeps for 100 ms repeatedly and records how late it wakes; up to a millisecond of that
    /// is the timer's resolution. The task ends with the last clone of this page. The delay of this task is an
    /// estimate for other tasks, not a measurement. A second call for the same runtime has no effect.
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
        // If no source was added, the runtime already has a probe.
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
