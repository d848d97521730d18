//! Random steps, against a model that keeps lists.

use proptest::{collection::vec, prelude::*, sample::select};

use self::model::Model;
use super::*;

mod model;

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Acquire(usize),
    Release(usize),
    /// A request of a class, with a deadline after so many milliseconds.
    Enqueue(usize, Option<u64>),
    Poll(usize),
    Drop(usize),
    Limit(usize),
}

/// The settings of a limiter: the limit, the reserves in tenths, and the length of the queue.
type Settings = (usize, Vec<u64>, usize);

fn settings() -> impl Strategy<Value = Settings> {
    (1_usize..6, vec(0_u64..4, 1..=MOST_CLASSES), 1_usize..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = 0..MOST_CLASSES;
    let deadlines = vec![None, None, None, Some(0), Some(1), Some(20), Some(100), Some(150)];
    let step = prop_oneof![
        4 => select(vec![0, 1, 10, 26, 51, 100]).prop_map(Step::Pass),
        5 => class.clone().prop_map(Step::Acquire),
        8 => any::<usize>().prop_map(Step::Release),
        9 => (class, select(deadlines)).prop_map(|(class, deadline)| Step::Enqueue(class, deadline)),
        6 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Drop),
        1 => (1_usize..8).prop_map(Step::Limit),
    ];
    vec(step, 200)
}

/// The limiter and the model, side by side.
struct Pair {
    limiter: Arc<Limiter>,
    model: Model,
    classes: usize,
    start: Instant,
    /// The permits with their classes.
    permits: Vec<(Permit, usize)>,
    /// The requests with their numbers, and the calls of their wakers.
    requests: Vec<(Waiting, usize, Arc<Wakes>)>,
    number: usize,
}

impl Pair {
    fn new((limit, tenths, len): Settings) -> Self {
        let reserves: Vec<f64> = tenths.iter().map(|tenths| *tenths as f64 / 10.0).collect();
        Self {
            limiter: queued(limit, &reserves, len),
            classes: tenths.len(),
            model: Model::new(limit, tenths, len),
            start: Instant::now(),
            permits: Vec::new(),
            requests: Vec::new(),
            number: 0,
        }
    }

    async fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = (Instant::now() - self.start).as_millis() as u64;
        match step {
            Step::Pass(time) => advance(Duration::from_millis(time)).await,
            Step::Acquire(class) => return self.acquire(class.min(self.classes - 1)),
            Step::Release(at) => {
                if let Some((permit, class)) = remove(&mut self.permits, at) {
                    drop(permit);
                    self.model.release(class, now);
                }
            }
            Step::Enqueue(class, deadline) => {
                return self.enqueue(class.min(self.classes - 1), now, deadline);
            }
            Step::Poll(at) => return self.poll(at, now),
            Step::Drop(at) => {
                if let Some((waiting, number, _)) = remove(&mut self.requests, at) {
                    drop(waiting);
                    self.model.leave(number, now);
                }
            }
            Step::Limit(limit) => {
                prop_assert_eq!(self.limiter.set_limit(limit), self.model.limit);
                self.model.limit = limit;
                self.model.settle(now);
            }
        }
        Ok(())
    }

    fn acquire(&mut self, class: usize) -> Result<(), TestCaseError> {
        let permit = self.limiter.acquire(class);
        prop_assert_eq!(permit.is_some(), self.model.acquire(class));
        self.permits.extend(permit.map(|permit| (permit, class)));
        Ok(())
    }

    fn enqueue(&mut self, class: usize, now: u64, after: Option<u64>) -> Result<(), TestCaseError> {
        self.model.expire(now);
        let arrival = Instant::now();
        let deadline = after.map(|after| arrival + Duration::from_millis(after));
        let result = self.limiter.enqueue(class, arrival, deadline);
        // The estimate, which the model does not have, needs waiters.
        let is_estimated = after.is_some_and(|after| after > 0) && self.model.waiting() > 0;
        if is_estimated && matches!(result, Err(Reason::Deadline)) {
            return Ok(());
        }
        self.number += 1;
        let expected = self.model.enqueue(self.number, class, now, after);
        prop_assert_eq!(result.as_ref().map(drop).map_err(|reason| *reason), expected);
        if let Ok(waiting) = result {
            let (until, reason) = model::end(now, after);
            prop_assert_eq!(waiting.until(), self.start + Duration::from_millis(until));
            prop_assert_eq!(waiting.ends_with(), reason);
            self.requests.push((waiting, self.number, Arc::default()));
        }
        Ok(())
    }

    fn poll(&mut self, at: usize, now: u64) -> Result<(), TestCaseError> {
        let Some(at) = at.checked_rem(self.requests.len()) else { return Ok(()) };
        let (waiting, number, wakes) = &mut self.requests[at];
        let before = wakes.count();
        // A request that was granted or removed since its last poll has been woken.
        let expected = self.model.poll(*number, now);
        match (wakes.poll(waiting), expected) {
            (Poll::Pending, None) => prop_assert_eq!(before, 0),
            (Poll::Ready(Err(reason)), Some(Err(expected))) => {
                prop_assert_eq!(reason, expected);
                self.requests.remove(at);
            }
            (Poll::Ready(Ok(permit)), Some(Ok(class))) => {
                self.permits.push((permit, class));
                self.requests.remove(at);
            }
            (polled, expected) => prop_assert!(false, "{polled:?}, expected {expected:?}"),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for class in 0..self.classes {
            prop_assert_eq!(self.limiter.in_flight(class), self.model.in_flight(class));
            prop_assert_eq!(self.limiter.queued(class), self.model.queued(class));
        }
        let is_waiting = self.limiter.word() & WAITING != 0;
        prop_assert_eq!(is_waiting, self.model.waiting() > 0);
        for (_, number, wakes) in &self.requests {
            let must_wake = self.model.must_wake(*number);
            prop_assert_eq!(wakes.count(), usize::from(must_wake), "request {}", number);
        }
        Ok(())
    }
}

fn remove<T>(from: &mut Vec<T>, at: usize) -> Option<T> {
    at.checked_rem(from.len()).map(|at| from.remove(at))
}

proptest! {
    #[test]
    fn permits_are_neither_lost_nor_doubled(settings in settings(), steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut pair = Pair::new(settings);
            for step in steps {
                pair.step(step).await?;
                pair.check()?;
            }
            drop((pair.permits, pair.requests));
            assert_idle(&pair.limiter);
            Ok::<_, TestCaseError>(())
        })?;
    }
}
