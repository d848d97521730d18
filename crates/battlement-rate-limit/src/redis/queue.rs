use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
};

use crate::identity_hasher::IdentityHasher;

/// Who waits, and for which command: whoever comes before one leaves goes with it, in the order in which they
/// came.
///
/// There is one lane for each slot of a cluster, and one in all without. Nothing waits for a time to pass.
#[derive(Debug)]
pub(super) struct Lanes<J> {
    lanes: HashMap<u16, Lane<J>, BuildHasherDefault<IdentityHasher>>,
    /// Flights at once in a lane; twice as many of those that are as large as they may be.
    flights: usize,
    /// Questions to a command.
    together: usize,
    /// Questions that may wait, in all lanes.
    room: usize,
    waiting: usize,
    /// The room of a lane that is gone, for the next one.
    spare: VecDeque<J>,
}

/// A flight carries one command after the other, for as long as anybody waits.
#[derive(Debug)]
struct Lane<J> {
    flights: usize,
    /// Whether one of them is about to leave, and takes along whoever comes.
    boards: bool,
    waiting: VecDeque<J>,
}

/// What becomes of one that comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It waits for a flight that there is.
    Waits,
    /// It waits for a flight that is to begin now.
    Begins,
    /// As many wait as may.
    Full,
}

impl<J> Lanes<J> {
    pub(super) fn new(flights: usize, together: usize, room: usize) -> Self {
        let (lanes, spare) = (HashMap::default(), VecDeque::new());
        Self { lanes, flights, together, room, waiting: 0, spare }
    }

    /// One comes.
    pub(super) fn enter(&mut self, slot: u16, job: J) -> Entered {
        if self.waiting >= self.room {
            return Entered::Full;
        }
        self.waiting += 1;
        let spare = &mut self.spare;
        let empty = || Lane { flights: 0, boards: false, waiting: std::mem::take(spare) };
        let lane = self.lanes.entry(slot).or_insert_with(empty);
        lane.waiting.push_back(job);
        let first = lane.flights < self.flights && !lane.boards;
        let full = lane.waiting.len() >= self.together && lane.flights < 2 * self.flights;
        if !first && !full {
            return Entered::Waits;
        }
        lane.flights += 1;
        lane.boards = true;
        Entered::Begins
    }

    /// A flight leaves. Returns those that go with it, without those that are `gone`; if there are none, it has
    /// ended.
    pub(super) fn leave(&mut self, slot: u16, gone: impl Fn(&J) -> bool) -> Vec<J> {
        let mut jobs = Vec::new();
        let Some(lane) = self.lanes.get_mut(&slot) else { return jobs };
        lane.boards = false;
        while jobs.is_empty() && !lane.waiting.is_empty() {
            let count = lane.waiting.len().min(self.together);
            self.waiting -= count;
            jobs.extend(lane.waiting.drain(..count).filter(|job| !gone(job)));
        }
        if jobs.is_empty() {
            self.end(slot);
        }
        jobs
    }

    /// A flight will never leave, and nobody is there to begin another. Returns those that wait, if no other
    /// takes them along.
    pub(super) fn give_up(&mut self, slot: u16) -> VecDeque<J> {
        let Some(lane) = self.lanes.get_mut(&slot) else { return VecDeque::new() };
        lane.boards = false;
        let last = lane.flights == 1;
        let left = if last { std::mem::take(&mut lane.waiting) } else { VecDeque::new() };
        self.waiting -= left.len();
        self.end(slot);
        left
    }

    fn end(&mut self, slot: u16) {
        let Some(lane) = self.lanes.get_mut(&slot) else { return };
        lane.flights -= 1;
        if lane.flights == 0
            && let Some(lane) = self.lanes.remove(&slot)
        {
            self.spare = lane.waiting;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_comes_before_a_flight_leaves_goes_with_it_and_the_others_with_the_next() {
        let mut lanes = Lanes::new(1, 3, 10);
        assert_eq!(lanes.enter(0, 1), Entered::Begins);
        assert_eq!(lanes.enter(0, 2), Entered::Waits);
        assert_eq!(lanes.leave(0, |_| false), [1, 2]);
        for job in 3..=4 {
            assert_eq!(lanes.enter(0, job), Entered::Waits);
        }
        assert_eq!(lanes.enter(7, 9), Entered::Begins, "another slot has a lane of its own");
        assert_eq!(lanes.leave(0, |job| *job == 3), [4], "who is gone is not taken along");
        assert!(lanes.leave(0, |_| false).is_empty(), "it has ended");
        assert_eq!(lanes.enter(0, 5), Entered::Begins);
    }

    #[test]
    fn as_many_as_fill_a_command_go_though_all_flights_are_on_their_way() {
        let mut lanes = Lanes::new(1, 2, 10);
        assert_eq!(lanes.enter(0, 0), Entered::Begins);
        assert_eq!(lanes.leave(0, |_| false), [0]);
        assert_eq!([lanes.enter(0, 1), lanes.enter(0, 2)], [Entered::Waits, Entered::Begins]);
        assert_eq!([lanes.enter(0, 3), lanes.enter(0, 4)], [Entered::Waits, Entered::Waits]);
        assert_eq!(lanes.leave(0, |_| false), [1, 2]);
        assert_eq!(lanes.leave(0, |_| false), [3, 4]);
    }

    #[test]
    fn one_more_flight_begins_while_one_is_on_its_way_but_not_while_one_is_about_to_leave() {
        let mut lanes = Lanes::new(2, 3, 10);
        assert_eq!([lanes.enter(0, 0), lanes.enter(0, 1)], [Entered::Begins, Entered::Waits]);
        assert_eq!(lanes.leave(0, |_| false), [0, 1]);
        assert_eq!([lanes.enter(0, 2), lanes.enter(0, 3)], [Entered::Begins, Entered::Waits]);
    }

    #[test]
    fn those_who_are_gone_hold_up_nobody() {
        let mut lanes = Lanes::new(1, 2, 10);
        for job in 0..5 {
            lanes.enter(0, job);
        }
        assert_eq!(lanes.leave(0, |job| *job < 4), [4]);
        assert_eq!(lanes.waiting, 0);
    }

    #[test]
    fn with_nobody_to_send_them_those_who_wait_go_only_if_no_other_flight_would_take_them() {
        let mut lanes = Lanes::new(2, 3, 3);
        assert_eq!(lanes.enter(0, 0), Entered::Begins);
        assert_eq!(lanes.leave(0, |_| false), [0]);
        assert_eq!([lanes.enter(0, 1), lanes.enter(0, 2)], [Entered::Begins, Entered::Waits]);
        assert!(lanes.give_up(0).is_empty(), "another flight is on its way");
        assert_eq!(lanes.give_up(0), [1, 2]);
        assert_eq!((lanes.waiting, lanes.lanes.len()), (0, 0));
        assert_eq!(lanes.enter(0, 4), Entered::Begins);
    }

    #[test]
    fn no_more_wait_than_there_is_room() {
        let mut lanes = Lanes::new(1, 3, 2);
        assert_eq!([lanes.enter(0, 0), lanes.enter(0, 1)], [Entered::Begins, Entered::Waits]);
        assert_eq!([lanes.enter(0, 2), lanes.enter(9, 2)], [Entered::Full, Entered::Full]);
        assert_eq!(lanes.leave(0, |_| false), [0, 1]);
        assert_eq!(lanes.enter(0, 2), Entered::Waits);
    }

    proptest! {
        #[test]
        fn all_go_in_the_order_they_came_and_nothing_is_left_behind(
            steps in prop::collection::vec((any::<bool>(), 0_u16..3), 1..200),
            flights in 1_usize..4,
            together in 1_usize..5,
        ) {
            let mut lanes = Lanes::new(flights, together, 50);
            let (mut flying, mut last) = ([0_usize; 3], [None; 3]);
            let (mut waiting, all, mut drain) = (0, steps.len(), Vec::new());
            for slot in 0..3 {
                drain.extend(std::iter::repeat_n((false, slot), all + 8));
            }
            for (job, (enters, slot)) in steps.into_iter().chain(drain).enumerate() {
                let lane = usize::from(slot);
                if enters {
                    let entered = lanes.enter(slot, job);
                    prop_assert_eq!(entered == Entered::Full, waiting == 50);
                    flying[lane] += usize::from(entered == Entered::Begins);
                    waiting += usize::from(entered != Entered::Full);
                    prop_assert!(flying[lane] > 0 || entered == Entered::Full, "nobody waits for nothing");
                } else if flying[lane] > 0 {
                    let next = lanes.leave(slot, |_| false);
                    prop_assert!(next.len() <= together && next.is_sorted());
                    if let (Some(last), Some(first)) = (last[lane], next.first()) {
                        prop_assert!(last < *first);
                    }
                    last[lane] = next.last().copied().or(last[lane]);
                    waiting -= next.len();
                    flying[lane] -= usize::from(next.is_empty());
                }
                prop_assert!(flying.iter().all(|flying| *flying <= 2 * flights));
            }
            prop_assert_eq!((waiting, lanes.lanes.len()), (0, 0));
        }
    }
}
