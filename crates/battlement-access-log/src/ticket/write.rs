//! The decision on a record, and its writing.

use std::{sync::Arc, time::Duration};

use battlement_core::catch_panic;
use tokio::time::Instant;
use tracing::Level;

use super::Ticket;
use crate::{
    Observe,
    decide::{Decision, Finished, decide, decide_received},
    entry::Entry,
    record::Record,
    route::RouteSettings,
    stage::Stage,
};

impl Ticket {
    /// Returns the number by which the layer claims a request.
    pub(super) fn claimant(&self) -> usize {
        Arc::as_ptr(&self.entry.config).addr()
    }

    /// Writes the record of a stage, if the settings ask for it. A panic of a subscriber or of an observer is caught,
    /// since this runs inside `Drop`.
    pub(super) fn write(&self, stage: Stage, now: Instant) {
        let _ = catch_panic(|| write(&self.entry, stage, now));
    }
}

fn write(entry: &Entry, stage: Stage, now: Instant) {
    let route = entry.route_settings();
    let level = level(entry, route);
    if route.is_some_and(|route| route.off) || !entry.config.sink.takes(level) {
        return;
    }
    let duration = entry.since_start(now);
    match decision(entry, route, stage, duration) {
        Decision::Write(weight) => {
            let query = entry.head.query(entry.config.query);
            write_record(&Record { entry, stage, level, duration, weight, query });
        }
        Decision::Skip => {}
        Decision::SampledOut => observer(entry).for_each(Observe::sampled_out),
    }
}

/// Returns the level of the record as far as the outcome is known. Failures and rejections of a quiet route keep theirs.
fn level(entry: &Entry, route: Option<&RouteSettings>) -> Level {
    let outcome = entry.outcome();
    let is_usual = !outcome.is_failure() && entry.rejection.is_none();
    let of_route = route.and_then(|route| route.level).filter(|_| is_usual);
    of_route.unwrap_or_else(|| entry.config.levels.of(outcome, entry.rejection))
}

fn decision(
    entry: &Entry,
    route: Option<&RouteSettings>,
    stage: Stage,
    duration: Duration,
) -> Decision {
    let Entry { config, origin, is_skipped, status, .. } = entry;
    let (is_skipped, sample) = (*is_skipped, config.sample_of(route));
    let (trace, id) = (origin.trace(), origin.id());
    if stage == Stage::Received {
        return decide_received(sample, is_skipped, trace, id);
    }
    let (outcome, status) = (entry.outcome(), *status);
    let finished = Finished { outcome, status, duration, is_skipped, trace, id };
    decide(&config.skip, sample, config.slow, &finished)
}

fn write_record(record: &Record<'_>) {
    let is_written = record.entry.config.sink.write(record);
    for observer in observer(record.entry) {
        observer.recorded(record.outcome());
        if !is_written {
            observer.dropped();
        }
    }
}

fn observer(entry: &Entry) -> impl Iterator<Item = &dyn Observe> {
    entry.config.observer.get().into_iter()
}
