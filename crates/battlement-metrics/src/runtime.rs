use tokio::runtime::{Handle, RuntimeMetrics};

use crate::{
    Exposition, exposition,
    family::{Families, Family, Kind, Labels, Value},
};

impl Exposition {
    /// Shows a tokio runtime, by what is stable of its own metrics: read at each scrape, without a task. Runtimes are
    /// added up; the same one is shown once.
    #[must_use]
    pub fn runtime(self, runtime: &Handle) -> Self {
        let metrics = runtime.metrics();
        self.once("tokio runtime", runtime.id(), move |page| gather(page, &metrics))
    }

    /// Shows the build that runs: `battlement_build_info`, a gauge that is 1, with these labels, as `version` and
    /// `revision`. The same labels are shown once.
    ///
    /// # Panics
    ///
    /// If Prometheus does not read the name of a label, or one is given twice or is reserved.
    #[must_use]
    pub fn build_info<const N: usize>(self, labels: [(&'static str, &str); N]) -> Self {
        const NAME: &str = "battlement_build_info";
        if self.has_gauge(NAME, &exposition::owned(labels)) {
            return self;
        }
        self.gauge(NAME, "The build that runs; always 1.", labels, || 1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn gather(page: &mut Families, metrics: &RuntimeMetrics) {
    let workers = metrics.num_workers();
    let mut gauge = |name, help, value: usize| {
        page.add(Family::single(name, Kind::Gauge, help, value as f64));
    };
    gauge("tokio_workers", "Worker threads.", workers);
    gauge("tokio_alive_tasks", "Tasks that have not ended.", metrics.num_alive_tasks());
    let queue = metrics.global_queue_depth();
    gauge("tokio_global_queue_depth", "Tasks that wait in the runtime's own queue.", queue);

    let help = "Time that a worker was busy.";
    let mut busy = Family::new("tokio_worker_busy_seconds", Kind::Counter, help);
    let help = "How often a worker went to sleep for want of work.";
    let mut parks = Family::new("tokio_worker_parks", Kind::Counter, help);
    for worker in 0..workers {
        let labels: Labels = vec![("worker".into(), worker.to_string())];
        let seconds = metrics.worker_total_busy_duration(worker).as_secs_f64();
        busy.add(labels.clone(), Value::Number(seconds));
        parks.add(labels, Value::Number(metrics.worker_park_count(worker) as f64));
    }
    page.add(busy);
    page.add(parks);
}
