//! A simulation of 8 permits of 10 ms each at three times their load, a fifth of which is in the upper class.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::{Mutex, PoisonError},
};

use super::*;

const UPPER: usize = 0;
const LOWER: usize = 1;

/// The arrivals per second: three times what 8 permits of 10 ms can serve.
const RATE: f64 = 2_400.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Answer(usize),
    Timeout(usize),
}

/// The calls of one class.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sent: u32,
    served: u32,
    /// The waits of the calls that were served.
    waited: Duration,
    longest: Duration,
}

impl Tally {
    fn lost(&self) -> f64 {
        f64::from(self.sent - self.served) / f64::from(self.sent)
    }
}

struct Simulation {
    limiter: Arc<Limiter>,
    /// The share of the upper class.
    share: f64,
    events: BinaryHeap<Reverse<(Instant, usize, Event)>>,
    /// The requests that wait, with their class and arrival.
    waiting: BTreeMap<usize, (usize, Instant, Waiting)>,
    permits: BTreeMap<usize, Permit>,
    woken: Arc<Woken>,
    tallies: [Tally; 2],
    random: u64,
    number: usize,
}

/// The requests that were woken.
#[derive(Default)]
struct Woken(Mutex<Vec<usize>>);

struct WakesOne(Arc<Woken>, usize);

impl Wake for WakesOne {
    fn wake(self: Arc<Self>) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.1);
    }
}

/// Runs 20 seconds of overload, and returns the tallies of both classes.
async fn overload(limiter: Limiter, share: f64) -> [Tally; 2] {
    let mut simulation = Simulation {
        limiter: Arc::new(limiter),
        share,
        events: BinaryHeap::new(),
        waiting: BTreeMap::new(),
        permits: BTreeMap::new(),
        woken: Arc::default(),
        tallies: [Tally::default(); 2],
        random: 0x9e37_79b9_7f4a_7c15,
        number: 0,
    };
    simulation.run(Instant::now() + Duration::from_secs(20)).await;
    simulation.tallies
}

impl Simulation {
    async fn run(&mut self, end: Instant) {
        self.at(Instant::now(), Event::Arrival);
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            advance(time - Instant::now()).await;
            match event {
                Event::Arrival if time < end => self.arrive(),
                Event::Arrival => {}
                Event::Answer(call) => drop(self.permits.remove(&call)),
                Event::Timeout(call) => drop(self.waiting.remove(&call)),
            }
            self.poll_woken();
        }
        assert_idle(&self.limiter);
    }

    fn arrive(&mut self) {
        let now = Instant::now();
        let gap = -(1.0 - self.random()).ln() / RATE;
        self.at(now + Duration::from_secs_f64(gap), Event::Arrival);
        let class = if self.random() < self.share { UPPER } else { LOWER };
        self.tallies[class].sent += 1;
        let call = self.number;
        if let Some(permit) = self.limiter.acquire(class) {
            self.serve(call, class, permit, now);
            return;
        }
        match self.limiter.enqueue(class, now, None) {
            Ok(waiting) => {
                self.at(waiting.until(), Event::Timeout(call));
                self.waiting.insert(call, (class, now, waiting));
                self.poll(call);
            }
            // Each request of the lower class is shed before one of the upper class.
            Err(reason) if class == UPPER && reason == Reason::QueueFull => {
                assert_eq!(self.limiter.queued(LOWER), 0);
            }
            Err(_) => {}
        }
    }

    fn serve(&mut self, call: usize, class: usize, permit: Permit, arrival: Instant) {
        let tally = &mut self.tallies[class];
        tally.served += 1;
        tally.waited += arrival.elapsed();
        tally.longest = tally.longest.max(arrival.elapsed());
        self.permits.insert(call, permit);
        self.at(Instant::now() + MS * 10, Event::Answer(call));
    }

    fn poll_woken(&mut self) {
        let woken =
            std::mem::take(&mut *self.woken.0.lock().unwrap_or_else(PoisonError::into_inner));
        woken.into_iter().for_each(|call| self.poll(call));
    }

    fn poll(&mut self, call: usize) {
        let Some((class, arrival, mut waiting)) = self.waiting.remove(&call) else { return };
        let waker = Waker::from(Arc::new(WakesOne(Arc::clone(&self.woken), call)));
        match waiting.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(Ok(permit)) => self.serve(call, class, permit, arrival),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.waiting.insert(call, (class, arrival, waiting));
            }
        }
    }

    fn at(&mut self, time: Instant, event: Event) {
        self.number += 1;
        self.events.push(Reverse((time, self.number, event)));
    }

    /// Returns a number from 0 up to 1.
    fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn config(len: usize) -> Option<QueueConfig> {
    Some(QueueConfig { len, time: MS * 100 })
}

#[tokio::test(start_paused = true)]
async fn with_a_queue_the_upper_class_loses_no_request() {
    let [upper, lower] = overload(Limiter::new(8, &[0.2, 0.0], config(64)), 0.2).await;
    assert_eq!(upper.sent, upper.served, "{upper:?}");
    // No permit is idle: 800 calls a second.
    let served = upper.served + lower.served;
    assert!((15_900..=16_100).contains(&served), "{upper:?} {lower:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reserve_alone_loses_half_of_the_upper_class() {
    let [upper, _] = overload(Limiter::new(8, &[0.2, 0.0], None), 0.2).await;
    assert!((0.4..0.6).contains(&upper.lost()), "{}", upper.lost());
}

#[tokio::test(start_paused = true)]
async fn an_upper_class_that_exceeds_the_permits_leaves_none_to_the_lower_class() {
    let [upper, lower] = overload(Limiter::new(8, &[0.0, 0.0], config(64)), 0.6).await;
    assert!((0.4..0.46).contains(&upper.lost()), "{}", upper.lost());
    assert!(lower.lost() > 0.99, "{}", lower.lost());
}

#[tokio::test(start_paused = true)]
async fn under_overload_the_permits_go_to_requests_that_have_waited_briefly() {
    let [upper, _] = overload(Limiter::new(8, &[0.0, 0.0], config(256)), 1.0).await;
    let mean = upper.waited / upper.served;
    assert!(mean < MS * 5, "{mean:?}");
}
