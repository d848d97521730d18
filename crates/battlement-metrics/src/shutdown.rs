//! Metrics of a shutdown: its phase, the work in flight, the work that was cut off, and panics.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use battlement_shutdown::{InFlight, Observe, Phase, Phases};

use crate::{
    Exposition,
    family::{Families, Family, Kind, Value},
    labelled::Labelled,
};

/// Metrics of the shutdown of a process. Clones share the same counts.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_shutdown_phase`: 1 for the current phase, 0 for the others | `phase` ([`Phase`]) |
/// | `battlement_shutdown_guards`: work that the drain waits for | `name`: `request`, `event_stream`, `grpc_stream`, `upgrade`, and the names of guards and tracked tasks |
/// | `battlement_shutdown_cut_off_total`: requests, streams and guards that were left at the end of the drain | |
/// | `battlement_shutdown_panics_total`: panics that no battlement layer caught, if `Shutdown::panics` is set | |
///
/// Every series is at 0 from the start, those of guards from the first guard of the name on.
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, Format, shutdown::ShutdownMetrics};
/// use battlement_shutdown::Shutdown;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let metrics = ShutdownMetrics::new();
/// let shutdown = Shutdown::without_signals().observe(metrics.clone());
/// let _order = shutdown.handle().guard("order");
/// let page = Exposition::new().shutdown(&metrics).render(Format::Text);
/// assert!(page.contains(r#"battlement_shutdown_guards{name="order"} 1"#));
/// assert!(page.contains(r#"battlement_shutdown_phase{phase="running"} 1"#));
/// # }
/// ```
#[derive(Clone)]
pub struct ShutdownMetrics(Arc<Inner>);

struct Inner {
    observed: OnceLock<(Phases, InFlight)>,
    cut_off: Labelled<0>,
    panics: Labelled<0>,
}

const PHASE: &str = "Current phase of the process: 1 for that phase, 0 for the others.";
const GUARDS: &str = "Requests, streams and guards in flight, which a shutdown waits for.";
const CUT_OFF: &str = "Requests, streams and guards that were left at the end of the drain.";
const PANICS: &str = "Panics that no battlement layer caught.";

impl ShutdownMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let cut_off = Labelled::new("battlement_shutdown_cut_off", CUT_OFF, []);
        let panics = Labelled::new("battlement_shutdown_panics", PANICS, []);
        cut_off.add([], 0);
        panics.add([], 0);
        Self(Arc::new(Inner { observed: OnceLock::new(), cut_off, panics }))
    }

    fn gather(&self, page: &mut Families) {
        let now = self.0.observed.get().map(|(phases, _)| phases.now());
        let phases = Phase::ALL.map(|phase| (phase.as_str(), u64::from(now == Some(phase))));
        page.add(gauge("battlement_shutdown_phase", PHASE, "phase", phases));
        let in_flight = self.0.observed.get().map(|(_, in_flight)| in_flight.counts());
        let counts = in_flight.unwrap_or_else(|| InFlight::default().counts());
        page.add(gauge("battlement_shutdown_guards", GUARDS, "name", counts));
        self.0.cut_off.gather(page);
        self.0.panics.gather(page);
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn gauge(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    series: impl IntoIterator<Item = (&'static str, u64)>,
) -> Family {
    let mut family = Family::new(name, Kind::Gauge, help);
    for (value, count) in series {
        family.add(vec![(label.into(), value.into())], Value::Number(count as f64));
    }
    family
}

impl Default for ShutdownMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ShutdownMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownMetrics").finish_non_exhaustive()
    }
}

impl Observe for ShutdownMetrics {
    fn on_start(&self, phases: &Phases, in_flight: &InFlight) {
        let _ = self.0.observed.set((phases.clone(), in_flight.clone()));
    }

    fn on_cut_off(&self, count: u64) {
        self.0.cut_off.add([], u32::try_from(count).unwrap_or(u32::MAX));
    }

    fn on_panic(&self) {
        self.0.panics.add([], 1);
    }
}

impl Exposition {
    /// Shows the metrics of a shutdown.
    #[must_use]
    pub fn shutdown(self, metrics: &ShutdownMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("the shutdown", id, move |page| metrics.gather(page))
    }
}
