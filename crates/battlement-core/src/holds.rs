use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire},
};

use crate::Phases;

/// The phases that apply to a request, by their number, and the number of the layers that hold the request in flight.
///
/// Both fit in one word, so that a drain writes them for each request by one atomic operation and takes no lock.
#[derive(Debug, Default)]
pub(crate) struct Holds(AtomicU64);

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
    /// The drain is inside of one that follows other phases, and counts the request for itself.
    Foreign,
}

impl Holds {
    /// Creates the word of a request to which no phases apply.
    pub(crate) const fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Holds the request for a drain that follows `phases`.
    #[inline]
    pub(crate) fn hold(&self, phases: &Phases) -> Hold {
        let first = phases.number() << COUNTED | 1;
        match self.0.compare_exchange(0, first, AcqRel, Acquire) {
            Ok(_) => Hold::First,
            Err(word) => self.hold_again(word, phases.number()),
        }
    }

    #[cold]
    fn hold_again(&self, word: u64, phases: u64) -> Hold {
        if word >> COUNTED != phases {
            return Hold::Foreign;
        }
        match self.0.fetch_add(1, AcqRel) & COUNT {
            0 => Hold::First,
            _ => Hold::Nested,
        }
    }

    /// Ends a hold, and returns whether the request is over for the drain's process.
    #[inline]
    pub(crate) fn release(&self, hold: Hold) -> bool {
        hold == Hold::Foreign || self.0.fetch_sub(1, AcqRel) & COUNT == 1
    }

    /// Returns the phases of the first hold, if there was one and they still exist.
    pub(crate) fn phases(&self) -> Option<Phases> {
        Phases::numbered(self.0.load(Acquire) >> COUNTED)
    }
}

#[cfg(test)]
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
        assert!(!holds.release(Hold::First) && holds.release(Hold::Nested));
        assert_eq!(holds.phases().unwrap().now(), Phase::Draining, "they still apply");
        drop((writer, phases));
        assert!(holds.phases().is_none());
    }

    #[test]
    fn a_request_is_held_from_its_first_holder_to_its_last() {
        let (holds, (_, phases), (_, others)) = (Holds::none(), Phases::new(), Phases::new());
        assert_eq!(holds.hold(&phases), Hold::First);
        assert_eq!(holds.hold(&phases), Hold::Nested);
        assert!(!holds.release(Hold::First));
        assert_eq!(holds.hold(&phases), Hold::Nested, "one holder is left");
        assert!(holds.hold(&others) == Hold::Foreign && holds.release(Hold::Foreign));
        assert!(!holds.release(Hold::Nested) && holds.release(Hold::Nested));
        assert_eq!(holds.hold(&phases), Hold::First, "another attempt");
    }
}
