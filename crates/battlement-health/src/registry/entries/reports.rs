use battlement_core::CheckState;
use tokio::time::Instant;

use super::{Entries, seen_by};
use crate::{CheckKind, CheckReport, Probe, Runs, Status, TaskReport, name::PING};

impl Entries {
    /// Returns the reports of a probe, or of all entries, with `ping` and, for readiness, `shutdown`.
    pub(in crate::registry) fn reports(
        &self,
        probe: Option<Probe>,
        now: Instant,
    ) -> Vec<CheckReport> {
        let entries = self.list.iter();
        let entries =
            entries.filter(|entry| probe.is_none_or(|probe| entry.probes.contains(probe)));
        let entries = entries.map(|entry| {
            let report = entry.report(now);
            let seen_by = |probe| seen_by(probe, report.status, self.drain.has_begun());
            let status = probe.map_or(report.status, seen_by);
            CheckReport { status, ..report }
        });
        let mut reports = Vec::with_capacity(self.list.len() + 2);
        reports.push(ping());
        reports.extend(entries);
        if probe.is_none_or(|probe| probe == Probe::Ready) {
            reports.push(self.drain.report());
        }
        reports
    }

    /// Returns the reports of all entries, without `ping` and `shutdown`.
    pub(in crate::registry) fn checks(&self, now: Instant) -> Vec<CheckReport> {
        self.list.iter().map(|entry| entry.report(now)).collect()
    }

    pub(in crate::registry) fn tasks(&self, now: Instant) -> Vec<TaskReport> {
        let tasks = self.list.iter().filter(|entry| entry.kind == CheckKind::Task);
        tasks
            .map(|entry| TaskReport {
                name: entry.name.clone(),
                state: entry.report(now).state,
                restarts: entry.restarts,
            })
            .collect()
    }
}

fn ping() -> CheckReport {
    CheckReport {
        name: PING.into(),
        kind: CheckKind::Ping,
        status: Status::Pass,
        state: CheckState::pass("the process answers"),
        critical: true,
        age: None,
        took: None,
        runs: Runs::default(),
    }
}
