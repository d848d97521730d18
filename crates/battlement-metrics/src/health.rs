use battlement_health::{CheckKind, CheckReport, Health, Probe, RunResult, Status, TaskReport};

use crate::{
    Exposition,
    family::{Families, Family, Kind, Value},
};

const STATUS: &str = "Status of a probe: 1 if it passes, 0.5 if it is degraded, 0 if it fails.";
const STATE: &str = "Status of a check: 1 for the current status, 0 for the others.";
const SECONDS: &str = "Duration of the last run of a check.";
const RUNS: &str = "Runs of a check.";
const RESTARTS: &str = "Restarts of a supervised task.";

impl Exposition {
    /// Shows the results of a health registry, which are read at each scrape. No check is run.
    ///
    /// | metric | labels |
    /// |---|---|
    /// | `battlement_health_status`: 1 if a probe passes, 0.5 if it is degraded, 0 if it fails | `probe` ([`Probe`]) |
    /// | `battlement_health_check_state`: 1 for the current status, 0 for the others | `check`: also gates, holds, heartbeats and supervised tasks; `state` ([`Status`]) |
    /// | `battlement_health_check_seconds`: the duration of the last run | `check` |
    /// | `battlement_health_check_runs_total` | `check`, `result` ([`RunResult`]) |
    /// | `battlement_health_task_restarts_total` | `task` |
    ///
    /// The series of a check or task exist as soon as it is registered, with counts of 0, and end when it is
    /// unregistered. A registry has at most 256 entries. The page keeps the registry alive, and shows one registry: a
    /// second call has no effect.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_health::Health;
    /// use battlement_metrics::{Exposition, Format};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let health = Health::new();
    /// let _maintenance = health.hold("maintenance");
    /// let page = Exposition::new().health(&health).render(Format::Text);
    /// assert!(page.contains(r#"battlement_health_status{probe="ready"} 0"#));
    /// assert!(page.contains(r#"battlement_health_check_state{check="maintenance",state="fail"} 1"#));
    /// # }
    /// ```
    #[must_use]
    pub fn health(self, health: &Health) -> Self {
        let health = health.clone();
        self.once("health", (), move |page| {
            statuses(page, &health);
            let checks = health.checks();
            states(page, &checks);
            runs(page, checks.iter().filter(|check| check.kind == CheckKind::Check));
            restarts(page, &health.tasks());
        })
    }
}

fn statuses(page: &mut Families, health: &Health) {
    let mut family = Family::new("battlement_health_status", Kind::Gauge, STATUS);
    for probe in Probe::ALL {
        let value = match health.status(probe) {
            Status::Pass => 1.0,
            Status::Degraded => 0.5,
            Status::Fail => 0.0,
        };
        add(&mut family, [("probe", probe.as_str())], value);
    }
    page.add(family);
}

fn states(page: &mut Families, checks: &[CheckReport]) {
    let mut family = Family::new("battlement_health_check_state", Kind::Gauge, STATE);
    for check in checks {
        for status in Status::ALL {
            let labels = [("check", &*check.name), ("state", status.as_str())];
            add(&mut family, labels, f64::from(u8::from(check.status == status)));
        }
    }
    page.add(family);
}

fn runs<'a>(page: &mut Families, checks: impl Iterator<Item = &'a CheckReport>) {
    let mut seconds = Family::new("battlement_health_check_seconds", Kind::Gauge, SECONDS);
    let mut runs = Family::new("battlement_health_check_runs", Kind::Counter, RUNS);
    for check in checks {
        let name = ("check", &*check.name);
        add(&mut seconds, [name], check.took.unwrap_or_default().as_secs_f64());
        for result in RunResult::ALL {
            let labels = [name, ("result", result.as_str())];
            add(&mut runs, labels, count(check.runs.get(result)));
        }
    }
    page.add(seconds);
    page.add(runs);
}

fn restarts(page: &mut Families, tasks: &[TaskReport]) {
    let mut family = Family::new("battlement_health_task_restarts", Kind::Counter, RESTARTS);
    for task in tasks {
        add(&mut family, [("task", &*task.name)], count(task.restarts));
    }
    page.add(family);
}

fn add<const N: usize>(family: &mut Family, labels: [(&'static str, &str); N], value: f64) {
    let labels = labels.map(|(label, value)| (label.into(), value.to_owned()));
    family.add(labels.into(), Value::Number(value));
}

#[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
const fn count(count: u64) -> f64 {
    count as f64
}
