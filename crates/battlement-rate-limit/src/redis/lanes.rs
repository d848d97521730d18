use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
};

use crate::known::Known;

/// Who goes at once and who waits: questions that come while others are on their way go together with the
/// next, in the order in which they came.
///
/// There is one lane for each slot of a cluster, and one in all without. Nothing waits for a time to pass.
#[derive(Debug)]
pub(super) struct Lanes<J> {
    lanes: HashMap<u16, Lane<J>, BuildHasherDefault<Known>>,
    /// Commands on their way at once in a lane; twice as many of those that are as large as they may be.
    flights: usize,
    /// Questions to a command.
    together: usize,
    /// Questions that may wait, in all lanes.
    room: usize,
    waiting: usize,
}

#[derive(Debug)]
struct Lane<J> {
    flying: usize,
    /// Whether the last one that may go still looks for company.
    gathers: bool,
    waiting: VecDeque<J>,
}

/// What becomes of one that comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It may go; [`Lanes::depart`] says whether alone.
    Goes,
    /// It waits to go with others.
    Waits,
    /// It waits as well, and those who wait are enough for a command, which may go.
    Completes,
    /// As many wait as may.
    Full,
}

impl<J> Lanes<J> {
    pub(super) fn new(flights: usize, together: usize, room: usize) -> Self {
        Self { lanes: HashMap::default(), flights, together, room, waiting: 0 }
    }

    /// One comes; `job` is made if it has to wait.
    pub(super) fn enter(&mut self, slot: u16, job: impl FnOnce() -> J) -> Entered {
        let empty = || Lane { flying: 0, gathers: false, waiting: VecDeque::new() };
        let lane = self.lanes.entry(slot).or_insert_with(empty);
        if lane.flying < self.flights && !lane.gathers {
            lane.flying += 1;
            lane.gathers = self.together > 1;
            Entered::Goes
        } else if self.waiting < self.room {
            lane.waiting.push_back(job());
            self.waiting += 1;
            let completes = lane.waiting.len() >= self.together && lane.flying < 2 * self.flights;
            lane.flying += usize::from(completes);
            if completes { Entered::Completes } else { Entered::Waits }
        } else {
            Entered::Full
        }
    }

    /// One that may go goes now. If others have come since, it waits as the first of them, and `job` is made;
    /// returns whether.
    pub(super) fn depart(&mut self, slot: u16, job: impl FnOnce() -> J) -> bool {
        let Some(lane) = self.lanes.get_mut(&slot) else { return false };
        lane.gathers = false;
        if lane.waiting.is_empty() {
            return false;
        }
        lane.waiting.push_front(job());
        self.waiting += 1;
        true
    }

    /// One command has come back. Returns those that are on their way in its place, without those that are
    /// `gone` meanwhile; none if nobody waits.
    pub(super) fn next(&mut self, slot: u16, gone: impl Fn(&J) -> bool) -> Vec<J> {
        let mut next = Vec::new();
        let Some(lane) = self.lanes.get_mut(&slot) else { return next };
        lane.gathers = false;
        while next.len() < self.together
            && let Some(job) = lane.waiting.pop_front()
        {
            self.waiting -= 1;
            if !gone(&job) {
                next.push(job);
            }
        }
        if next.is_empty() {
            lane.flying -= 1;
            if lane.flying == 0 {
                self.lanes.remove(&slot);
            }
        }
        next
    }

    /// One command will never come back, and nobody is there to send the next. Returns those that wait, if no
    /// other command of theirs is on its way.
    pub(super) fn give_up(&mut self, slot: u16) -> VecDeque<J> {
        let Some(lane) = self.lanes.get_mut(&slot) else { return VecDeque::new() };
        lane.gathers = false;
        lane.flying -= 1;
        if lane.flying > 0 {
            return VecDeque::new();
        }
        let left = self.lanes.remove(&slot).map(|lane| lane.waiting).unwrap_or_default();
        self.waiting -= left.len();
        left
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_comes_alone_goes_alone_and_who_comes_meanwhile_goes_together() {
        let mut lanes = Lanes::new(1, 3, 10);
        assert_eq!(lanes.enter(0, || 0), Entered::Goes);
        for job in 1..=2 {
            assert_eq!(lanes.enter(0, || job), Entered::Waits);
        }
        assert_eq!(lanes.enter(0, || 3), Entered::Completes);
        for job in 4..=5 {
            assert_eq!(lanes.enter(0, || job), Entered::Waits);
        }
        assert_eq!(lanes.enter(7, || 9), Entered::Goes, "another slot has a lane of its own");
        assert_eq!(lanes.next(0, |_| false), [1, 2, 3]);
        assert_eq!(lanes.next(0, |job| *job == 4), [5], "who is gone is not taken along");
        assert!(lanes.next(0, |_| false).is_empty() && lanes.next(0, |_| false).is_empty());
        assert_eq!(lanes.enter(0, || 6), Entered::Goes);
    }

    #[test]
    fn with_nobody_to_send_them_those_who_wait_go_only_if_no_other_command_would_take_them() {
        let mut lanes = Lanes::new(2, 3, 2);
        assert_eq!(lanes.enter(0, || 0), Entered::Goes);
        assert!(!lanes.depart(0, || 0));
        assert_eq!(lanes.enter(0, || 1), Entered::Goes);
        assert_eq!([lanes.enter(0, || 2), lanes.enter(0, || 3)], [Entered::Waits, Entered::Waits]);
        assert!(lanes.give_up(0).is_empty(), "another command is on its way");
        assert_eq!(lanes.give_up(0), [2, 3]);
        assert_eq!((lanes.waiting, lanes.lanes.len()), (0, 0));
        assert_eq!(lanes.enter(0, || 4), Entered::Goes);
    }

    #[test]
    fn no_more_wait_than_there_is_room() {
        let mut lanes = Lanes::new(1, 3, 2);
        assert_eq!(lanes.enter(0, || 0), Entered::Goes);
        assert_eq!([lanes.enter(0, || 1), lanes.enter(0, || 2)], [Entered::Waits, Entered::Waits]);
        assert_eq!(lanes.enter(0, || 3), Entered::Full);
        assert_eq!(lanes.next(0, |_| false), [1, 2]);
        assert_eq!(lanes.enter(0, || 4), Entered::Waits);
    }

    #[test]
    fn who_may_go_takes_along_whoever_comes_before_it_does() {
        let mut lanes = Lanes::new(2, 3, 10);
        assert_eq!(lanes.enter(0, || 0), Entered::Goes);
        assert_eq!([lanes.enter(0, || 1), lanes.enter(0, || 2)], [Entered::Waits, Entered::Waits]);
        assert!(lanes.depart(0, || 0));
        assert_eq!(lanes.next(0, |_| false), [0, 1, 2]);
        assert_eq!(lanes.enter(0, || 3), Entered::Goes, "one more may be on its way");
        assert!(!lanes.depart(0, || 3), "nobody is there to go with");
        assert_eq!(lanes.enter(7, || 5), Entered::Goes);
        assert!(!lanes.depart(7, || 5));
        assert_eq!(lanes.enter(7, || 6), Entered::Goes);
    }

    proptest! {
        #[test]
        fn all_go_in_the_order_they_came_and_nothing_is_left_behind(
            steps in prop::collection::vec((any::<bool>(), 0_u16..3), 1..200),
            flights in 1_usize..4,
            together in 1_usize..5,
        ) {
            let mut lanes = Lanes::new(flights, together, 50);
            let mut flying = [0_usize; 3];
            let mut last = [None; 3];
            let mut waiting = 0;
            let (all, mut drain) = (steps.len(), Vec::new());
            for slot in 0..3 {
                drain.extend(std::iter::repeat_n((false, slot), all + 4));
            }
            for (job, (enters, slot)) in steps.into_iter().chain(drain).enumerate() {
                let lane = usize::from(slot);
                if enters {
                    match lanes.enter(slot, || job) {
                        Entered::Goes => flying[lane] += 1,
                        Entered::Waits => waiting += 1,
                        Entered::Completes => {
                            waiting += 1;
                            flying[lane] += 1;
                        }
                        Entered::Full => prop_assert_eq!(waiting, 50),
                    }
                } else if flying[lane] > 0 {
                    let next = lanes.next(slot, |_| false);
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
