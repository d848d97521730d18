use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
};

use super::slot_hasher::SlotHasher;

/// A queue of jobs for each slot, from which batches are taken in the order of arrival.
///
/// A cluster has a queue for each of its slots, a single server has one. No timer is involved: jobs that arrive before
/// a batch is taken are part of it.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    slots: HashMap<u16, SlotQueue<J>, BuildHasherDefault<SlotHasher>>,
    /// The number of batches of a slot in flight; twice as many if they are full.
    batches: usize,
    /// The largest number of jobs in a batch.
    max_batch: usize,
    /// The largest number of jobs that wait, over all slots.
    capacity: usize,
    waiting: usize,
    /// The buffer of a queue that was removed, for the next one.
    spare: VecDeque<J>,
}

/// The queue of one slot. Each of its batch tasks sends batches, one after the other, for as long as jobs wait.
#[derive(Debug)]
struct SlotQueue<J> {
    batches: usize,
    /// Whether a batch task is about to take a batch, which includes the jobs that arrive until then.
    starting: bool,
    waiting: VecDeque<J>,
}

/// The result of adding a job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// A running batch task will take the job.
    Queued,
    /// The caller has to start a batch task.
    Start,
    /// The queue is full, and the job was dropped.
    Full,
}

impl<J> Queue<J> {
    pub(crate) fn new(batches: usize, max_batch: usize, capacity: usize) -> Self {
        let (slots, spare) = (HashMap::default(), VecDeque::new());
        Self { slots, batches, max_batch, capacity, waiting: 0, spare }
    }

    /// Adds a job.
    pub(crate) fn push(&mut self, slot: u16, job: J) -> Pushed {
        if self.waiting >= self.capacity {
            return Pushed::Full;
        }
        self.waiting += 1;
        let spare = &mut self.spare;
        let empty = || SlotQueue { batches: 0, starting: false, waiting: std::mem::take(spare) };
        let slot_queue = self.slots.entry(slot).or_insert_with(empty);
        slot_queue.waiting.push_back(job);
        let first = slot_queue.batches < self.batches && !slot_queue.starting;
        let full =
            slot_queue.waiting.len() >= self.max_batch && slot_queue.batches < 2 * self.batches;
        if !first && !full {
            return Pushed::Queued;
        }
        slot_queue.batches += 1;
        slot_queue.starting = true;
        Pushed::Start
    }

    /// Takes the next batch of a batch task, without abandoned jobs. If it is empty, the task has ended.
    pub(crate) fn next_batch(&mut self, slot: u16, is_abandoned: impl Fn(&J) -> bool) -> Vec<J> {
        let mut jobs = Vec::new();
        let Some(slot_queue) = self.slots.get_mut(&slot) else { return jobs };
        slot_queue.starting = false;
        while jobs.is_empty() && !slot_queue.waiting.is_empty() {
            let count = slot_queue.waiting.len().min(self.max_batch);
            self.waiting -= count;
            jobs.extend(slot_queue.waiting.drain(..count).filter(|job| !is_abandoned(job)));
        }
        if jobs.is_empty() {
            self.finish(slot);
        }
        jobs
    }

    /// Ends a batch task that will not run, and cannot be replaced. Returns the jobs that wait, if no other task takes
    /// them.
    pub(crate) fn abandon(&mut self, slot: u16) -> VecDeque<J> {
        let Some(slot_queue) = self.slots.get_mut(&slot) else { return VecDeque::new() };
        slot_queue.starting = false;
        let last = slot_queue.batches == 1;
        let left = if last { std::mem::take(&mut slot_queue.waiting) } else { VecDeque::new() };
        self.waiting -= left.len();
        self.finish(slot);
        left
    }

    fn finish(&mut self, slot: u16) {
        let Some(slot_queue) = self.slots.get_mut(&slot) else { return };
        slot_queue.batches -= 1;
        if slot_queue.batches == 0
            && let Some(slot_queue) = self.slots.remove(&slot)
        {
            self.spare = slot_queue.waiting;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn jobs_before_a_batch_is_taken_go_with_it_and_later_jobs_with_the_next() {
        let mut queue = Queue::new(1, 3, 10);
        assert_eq!(queue.push(0, 1), Pushed::Start);
        assert_eq!(queue.push(0, 2), Pushed::Queued);
        assert_eq!(queue.next_batch(0, |_| false), [1, 2]);
        for job in 3..=4 {
            assert_eq!(queue.push(0, job), Pushed::Queued);
        }
        assert_eq!(queue.push(7, 9), Pushed::Start, "each slot has its own queue");
        assert_eq!(queue.next_batch(0, |job| *job == 3), [4], "abandoned jobs are not sent");
        assert!(queue.next_batch(0, |_| false).is_empty(), "the batch task has ended");
        assert_eq!(queue.push(0, 5), Pushed::Start);
    }

    #[test]
    fn a_full_batch_is_sent_while_all_batches_are_in_flight() {
        let mut queue = Queue::new(1, 2, 10);
        assert_eq!(queue.push(0, 0), Pushed::Start);
        assert_eq!(queue.next_batch(0, |_| false), [0]);
        assert_eq!([queue.push(0, 1), queue.push(0, 2)], [Pushed::Queued, Pushed::Start]);
        assert_eq!([queue.push(0, 3), queue.push(0, 4)], [Pushed::Queued, Pushed::Queued]);
        assert_eq!(queue.next_batch(0, |_| false), [1, 2]);
        assert_eq!(queue.next_batch(0, |_| false), [3, 4]);
    }

    #[test]
    fn another_batch_starts_while_one_is_in_flight_but_not_while_one_is_starting() {
        let mut queue = Queue::new(2, 3, 10);
        assert_eq!([queue.push(0, 0), queue.push(0, 1)], [Pushed::Start, Pushed::Queued]);
        assert_eq!(queue.next_batch(0, |_| false), [0, 1]);
        assert_eq!([queue.push(0, 2), queue.push(0, 3)], [Pushed::Start, Pushed::Queued]);
    }

    #[test]
    fn abandoned_jobs_do_not_delay_others() {
        let mut queue = Queue::new(1, 2, 10);
        for job in 0..5 {
            queue.push(0, job);
        }
        assert_eq!(queue.next_batch(0, |job| *job < 4), [4]);
        assert_eq!(queue.waiting, 0);
    }

    #[test]
    fn jobs_without_a_batch_task_are_abandoned_unless_another_task_takes_them() {
        let mut queue = Queue::new(2, 3, 3);
        assert_eq!(queue.push(0, 0), Pushed::Start);
        assert_eq!(queue.next_batch(0, |_| false), [0]);
        assert_eq!([queue.push(0, 1), queue.push(0, 2)], [Pushed::Start, Pushed::Queued]);
        assert!(queue.abandon(0).is_empty(), "another batch is in flight");
        assert_eq!(queue.abandon(0), [1, 2]);
        assert_eq!((queue.waiting, queue.slots.len()), (0, 0));
        assert_eq!(queue.push(0, 4), Pushed::Start);
    }

    #[test]
    fn a_full_queue_rejects_jobs() {
        let mut queue = Queue::new(1, 3, 2);
        assert_eq!([queue.push(0, 0), queue.push(0, 1)], [Pushed::Start, Pushed::Queued]);
        assert_eq!([queue.push(0, 2), queue.push(9, 2)], [Pushed::Full, Pushed::Full]);
        assert_eq!(queue.next_batch(0, |_| false), [0, 1]);
        assert_eq!(queue.push(0, 2), Pushed::Queued);
    }

    proptest! {
        #[test]
        fn jobs_are_sent_in_order_and_none_is_left_behind(
            steps in prop::collection::vec((any::<bool>(), 0_u16..3), 1..200),
            batches in 1_usize..4,
            max_batch in 1_usize..5,
        ) {
            let mut queue = Queue::new(batches, max_batch, 50);
            let (mut running, mut last) = ([0_usize; 3], [None; 3]);
            let (mut waiting, all, mut drain) = (0, steps.len(), Vec::new());
            for slot in 0..3 {
                drain.extend(std::iter::repeat_n((false, slot), all + 8));
            }
            for (job, (enters, slot)) in steps.into_iter().chain(drain).enumerate() {
                let slot_queue = usize::from(slot);
                if enters {
                    let pushed = queue.push(slot, job);
                    prop_assert_eq!(pushed == Pushed::Full, waiting == 50);
                    running[slot_queue] += usize::from(pushed == Pushed::Start);
                    waiting += usize::from(pushed != Pushed::Full);
                    prop_assert!(running[slot_queue] > 0 || pushed == Pushed::Full, "no job waits without a batch task");
                } else if running[slot_queue] > 0 {
                    let next = queue.next_batch(slot, |_| false);
                    prop_assert!(next.len() <= max_batch && next.is_sorted());
                    if let (Some(last), Some(first)) = (last[slot_queue], next.first()) {
                        prop_assert!(last < *first);
                    }
                    last[slot_queue] = next.last().copied().or(last[slot_queue]);
                    waiting -= next.len();
                    running[slot_queue] -= usize::from(next.is_empty());
                }
                prop_assert!(running.iter().all(|running| *running <= 2 * batches));
            }
            prop_assert_eq!((waiting, queue.slots.len()), (0, 0));
        }
    }
}
