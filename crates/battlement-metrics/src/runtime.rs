use tokio::runtime::{Handle, RuntimeMetrics};

use crate::{
    Exposition, exposition,
    family::{Families, Family, Kind, Labels, Value},
};

impl Exposition {
    /// Shows the stable metrics of a tokio runtime, read at each scrape without a task. Several runtimes are added up;
    /// the same runtime is shown once.
    #[must_use]
    pub fn runtime(self, runtime: &Handle) -> Self {
        let metrics = runtime.metrics();
        self.once("tokio runtime", runtime.id(), move |page| gather(page, &metrics))
    }

    /// Shows the running build as `battlement_build_info`, a gauge with the value 1 and these labels, such as
    /// `version` and `revision`. The same labels are shown once.
    ///
    /// # Panics
    ///
    /// Panics if the name of a label is not valid in Prometheus, or if a label is duplicate or reserved.
    #[must_use]
    pub fn build_info<const N: usize>(self, labels: [(&'static str, &str); N]) -> Self {
        const NAME: &str = "battlement_build_info";
        if self.has_gauge(NAME, &exposition::owned(labels)) {
            return self;
        }
        self.gauge(NAME, "The running build; always 1.", labels, || 1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn gather(page: &mut Families, metrics: &RuntimeMetrics) {
    let workers = metrics.num_workers();
    let mut gauge = |name, help, value: usize| {
        page.add(Family::single(name, Kind::Gauge, help, value as f64));
    };
    gauge("tokio_workers", "Worker threads.", workers);
    gauge("tokio_alive_tasks", "Tasks that have not finished.", metrics.num_alive_tasks());
    let queue = metrics.global_queue_depth();
    gauge("tokio_global_queue_depth", "Tasks waiting in the runtime's global queue.", queue);

    let help = "Time that a worker spent polling tasks.";
    let mut busy = Family::new("tokio_worker_busy_seconds", Kind::Counter, help);
    let help = "Number of times that a worker parked without work.";
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
