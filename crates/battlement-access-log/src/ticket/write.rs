//! The decision on a record, and its writing.

use std::sync::Arc;

use battlement_core::catch_panic;
use tokio::time::Instant;

use super::Ticket;
use crate::{
    Observe,
    decide::{Decision, Finished, decide, decide_received},
    entry::Entry,
    record::Record,
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
    let config = &*entry.config;
    let route = entry.route_settings();
    if route.is_some_and(|route| route.off) {
        return;
    }
    let outcome = entry.outcome();
    let mut level = config.levels.of(outcome, entry.rejection);
    if let Some(of_route) = route.and_then(|route| route.level)
        && !outcome.is_failure()
        && entry.rejection.is_none()
    {
        level = of_route;
    }
    if !config.sink.takes(level) {
        return;
    }
    let sample = config.sample_of(route);
    let (trace, id) = (entry.origin.trace(), entry.origin.id());
    let duration = entry.since_start(now);
    let decision = match stage {
        Stage::Received => decide_received(sample, entry.is_skipped, trace, id),
        _ => {
            let (is_skipped, status) = (entry.is_skipped, entry.status);
            let finished = Finished { outcome, status, duration, is_skipped, trace, id };
            decide(&config.skip, sample, config.slow, &finished)
        }
    };
    let observer = config.observer.get();
    match decision {
        Decision::Write(weight) => {
            let query = entry.head.query(config.query);
            let record = Record { entry, stage, level, duration, weight, query };
            let is_written = config.sink.write(&record);
            observer.into_iter().for_each(|observer| {
                observer.recorded(outcome);
                if !is_written {
                    observer.dropped();
                }
            });
        }
        Decision::Skip => {}
        Decision::SampledOut => observer.into_iter().for_each(Observe::sampled_out),
    }
}
