#[cfg(all(test, battlement_loom))]
use loom::sync::atomic::AtomicU64;
#[cfg(not(all(test, battlement_loom)))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::Phases;

#[cfg(all(test, battlement_loom))]
mod model;

/// The phases that apply to a request, by their number, and the number of the layers that hold the request in flight;
/// also for a second process within the first.
///
/// Each pair fits in one word, so that a drain writes both for each request by one atomic operation and takes no lock.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    first: AtomicU64,
    second: AtomicU64,
}

/// The low bits, which count the holders.
const COUNTED: u32 = 24;
const COUNT: u64 = (1 << COUNTED) - 1;

/// The part of a drain in the count of a request, which may pass several drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the cases of a count")]
pub enum Hold {
    /// The drain is the first that holds the request, and counts it.
    First,
    /// The drain is inside of another one of the same process, which counts the request.
    Nested,
    /// The drain is inside of one that follows other phases, and is the first of its own process that holds the request:
    /// it counts the request.
    Foreign,
}

impl Hold {
    /// Returns whether this drain, and not one further out, counts the request for its process.
    #[inline]
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Nested)
    }
}

impl Holds {
    /// Creates the words of a request to which no phases apply.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Holds the request for a drain that follows `phases`.
    #[inline]
    pub(crate) fn hold(&self, phases: &Phases) -> Hold {
        match take(&self.first, phases.number()) {
            Ok(()) => Hold::First,
            Err(word) => self.hold_again(word, phases.number()),
        }
    }

    #[cold]
    fn hold_again(&self, word: u64, phases: u64) -> Hold {
        if word >> COUNTED == phases {
            return if is_first(&self.first) { Hold::First } else { Hold::Nested };
        }
        match take(&self.second, phases) {
            Ok(()) => Hold::Foreign,
            Err(word) if word >> COUNTED == phases && !is_first(&self.second) => Hold::Nested,
            // Also of a third process, each of whose drains counts the request.
            Err(_) => Hold::Foreign,
        }
    }

    /// Ends a hold for `phases`, and returns whether the request is over for the drain's process.
    #[inline]
    pub(crate) fn release(&self, hold: Hold, phases: &Phases) -> bool {
        match hold {
            Hold::First => is_last(&self.first),
            Hold::Nested | Hold::Foreign => self.release_again(phases.number()),
        }
    }

    #[cold]
    fn release_again(&self, phases: u64) -> bool {
        let is_held = |word: &&AtomicU64| word.load(Acquire) >> COUNTED == phases;
        [&self.first, &self.second].into_iter().find(is_held).is_none_or(is_last)
    }

    /// Returns the phases of the first hold, if there was one and they still exist.
    pub(crate) fn phases(&self) -> Option<Phases> {
        Phases::numbered(self.first.load(Acquire) >> COUNTED)
    }
}

/// Writes the number of `phases` and one holder into an empty word, or returns the word.
#[inline]
fn take(word: &AtomicU64, phases: u64) -> Result<(), u64> {
    word.compare_exchange(0, phases << COUNTED | 1, AcqRel, Acquire).map(drop)
}

/// Adds a holder to a word that has phases, and returns whether it is the only one.
fn is_first(word: &AtomicU64) -> bool {
    word.fetch_add(1, AcqRel) & COUNT == 0
}

/// Removes a holder, and returns whether it was the last one.
#[inline]
fn is_last(word: &AtomicU64) -> bool {
    word.fetch_sub(1, AcqRel) & COUNT == 1
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;
    use crate::Phase;

    #[test]
    fn the_phases_of_the_first_hold_apply_while_they_exist() {
        let holds = Holds::none();
        assert!(holds.phases().is_none());
        let ((writer, phases), (_, others)) = (Phases::new(), Phases::new());
        assert_eq!(holds.hold(&phases), Hold::First);
        assert_eq!(holds.hold(&others), Hold::Foreign);
        assert_eq!(holds.hold(&writer.phases()), Hold::Nested);
        writer.advance(Phase::Draining);
        assert_eq!(holds.phases().unwrap().now(), Phase::Draining);
        assert!(!holds.release(Hold::First, &phases) && holds.release(Hold::Nested, &phases));
        assert_eq!(holds.phases().unwrap().now(), Phase::Draining, "they still apply");
        drop((writer, phases));
        assert!(holds.phases().is_none());
    }

    #[test]
    fn a_request_is_held_from_its_first_holder_to_its_last() {
        let (holds, (_, phases), (_, others)) = (Holds::none(), Phases::new(), Phases::new());
        assert_eq!(holds.hold(&phases), Hold::First);
        assert_eq!(holds.hold(&phases), Hold::Nested);
        assert!(!holds.release(Hold::First, &phases));
        assert_eq!(holds.hold(&phases), Hold::Nested, "a holder is left");
        assert!(holds.hold(&others) == Hold::Foreign && holds.release(Hold::Foreign, &others));
        assert!(!holds.release(Hold::Nested, &phases) && holds.release(Hold::Nested, &phases));
        assert_eq!(holds.hold(&phases), Hold::First, "another attempt");
    }

    #[test]
    fn a_process_inside_of_another_holds_the_request_once_as_well_and_a_third_for_each_drain() {
        let (holds, (_, outer), (_, inner)) = (Holds::none(), Phases::new(), Phases::new());
        let (_, third) = Phases::new();
        assert_eq!(holds.hold(&outer), Hold::First);
        for _ in 0..2 {
            assert_eq!(holds.hold(&inner), Hold::Foreign);
            assert_eq!(holds.hold(&inner), Hold::Nested);
            assert!(!holds.release(Hold::Nested, &inner) && holds.release(Hold::Foreign, &inner));
        }
        for _ in 0..2 {
            assert!(holds.hold(&third) == Hold::Foreign);
        }
        assert!(holds.release(Hold::Foreign, &third) && holds.release(Hold::Foreign, &third));
        assert!(holds.release(Hold::First, &outer));
        assert_eq!(
            [Hold::First, Hold::Nested, Hold::Foreign].map(Hold::counts),
            [true, false, true]
        );
    }
}
