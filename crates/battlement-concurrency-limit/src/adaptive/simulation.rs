//! A service under open-loop load, in simulated time, with the sampler and the algorithm of a layer.
//!
//! Calls arrive by a Poisson process and do not wait outside: while the limit is in use, they are rejected. An admitted
//! call takes the worker that is free first, so that calls wait in the order of their arrival.

mod random;
mod record;
mod work;

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use tokio::time::Instant;

use self::random::Random;
pub(super) use self::{record::Record, work::Work};
use super::{INITIAL, MAX, MIN, Sample, Sampler};
use crate::Algorithm;

/// The time for the body of a slow upload.
const UPLOAD: u64 = 5_000_000_000;

/// Times are in nanoseconds.
pub(super) struct Simulation {
    epoch: Instant,
    now: u64,
    random: Random,
    sampler: Sampler,
    pub(super) limit: usize,
    in_flight: usize,
    /// The time from which each worker is free, or `None` for a service without a bottleneck.
    workers: Option<Vec<u64>>,
    pub(super) work: Work,
    /// The share of calls whose body arrives slowly.
    pub(super) uploads: f64,
    /// The time of each event, its call, and whether it is the end of an upload.
    events: BinaryHeap<Reverse<(u64, usize, bool)>>,
    calls: Vec<(u64, Sample)>,
    free: Vec<usize>,
    pub(super) record: Record,
}

impl Simulation {
    pub(super) fn new(algorithm: impl Algorithm, seed: u64, work: Work) -> Self {
        let epoch = Instant::now();
        Self {
            epoch,
            now: 0,
            random: Random::new(seed),
            sampler: Sampler::new(Box::new(algorithm), MIN, MAX, INITIAL, epoch),
            limit: INITIAL,
            in_flight: 0,
            workers: None,
            work,
            uploads: 0.0,
            events: BinaryHeap::new(),
            calls: Vec::new(),
            free: Vec::new(),
            record: Record::new(INITIAL),
        }
    }

    /// Sets the number of workers. Calls that have a worker or wait for one keep it.
    pub(super) fn workers(&mut self, workers: usize) {
        let now = self.now;
        self.workers.get_or_insert_default().resize(workers, now);
    }

    /// Runs for `seconds` with `rate` calls a second.
    pub(super) fn run(&mut self, seconds: u64, rate: f64) {
        let end = self.now + seconds * 1_000_000_000;
        let gap = 1e9 / rate;
        let mut arrival = self.now + self.random.exponential(gap);
        loop {
            let next = self.events.peek().map_or(u64::MAX, |Reverse((time, ..))| *time);
            self.now = arrival.min(next).min(end);
            if self.now == end {
                return self.record.end(end);
            } else if self.now == next {
                self.advance();
            } else if self.in_flight < self.limit {
                self.admit();
                arrival += self.random.exponential(gap);
            } else {
                arrival = self.reject(next.min(end), gap);
            }
        }
    }

    fn admit(&mut self) {
        self.in_flight += 1;
        self.record.admitted(self.now);
        let sample = self.sampler.start(|| self.instant(), self.in_flight);
        let call = self.free.pop().unwrap_or(self.calls.len());
        if call == self.calls.len() {
            self.calls.push((self.now, sample));
        } else {
            self.calls[call] = (self.now, sample);
        }
        if self.uploads > 0.0 && self.random.unit() < self.uploads {
            self.events.push(Reverse((self.now + UPLOAD, call, true)));
        } else {
            self.serve(call);
        }
    }

    fn serve(&mut self, call: usize) {
        let time = self.work.draw(&mut self.random);
        let begin = match &mut self.workers {
            None => self.now,
            Some(workers) => {
                let free = workers.iter_mut().min().expect("a service has workers");
                let begin = self.now.max(*free);
                *free = begin + time;
                begin
            }
        };
        self.events.push(Reverse((begin + time, call, false)));
    }

    /// Rejects the calls until a permit may be free, and returns the first arrival after that. Their number is the
    /// expected one, since drawing each would take most of the time of an overload.
    fn reject(&mut self, until: u64, gap: f64) -> u64 {
        self.sampler.note_full();
        self.record.rejected(self.now, 1.0 + (until - self.now) as f64 / gap);
        until + self.random.exponential(gap)
    }

    fn advance(&mut self) {
        let Some(Reverse((_, call, is_upload))) = self.events.pop() else { return };
        if is_upload {
            return self.serve(call);
        }
        self.in_flight -= 1;
        self.free.push(call);
        let (arrival, sample) = self.calls[call];
        self.record.answered(self.now, self.now - arrival);
        if let Some(decision) = self.sampler.answered(sample, self.instant()) {
            self.limit = decision.limit;
            self.record.limited(self.now, self.limit);
        }
    }

    fn instant(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.now)
    }
}
