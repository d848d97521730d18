use crate::State;

/// The state (3 bits) and the generation of a breaker in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

const STATE_BITS: u32 = 3;

impl Word {
    pub(crate) const fn new(state: State, generation: u64) -> Self {
        Self(generation << STATE_BITS | state as u64)
    }

    pub(super) const fn pack(self) -> u64 {
        self.0
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self(word)
    }

    /// Returns whether calls pass: the breaker is closed, or forced closed.
    #[inline]
    pub(crate) const fn passes(self) -> bool {
        // The values of both states are multiples of 4.
        self.0 & 3 == 0
    }

    pub(crate) const fn state(self) -> State {
        match self.0 & ((1 << STATE_BITS) - 1) {
            0 => State::Closed,
            1 => State::Open,
            2 => State::HalfOpen,
            3 => State::ForcedOpen,
            _ => State::ForcedClosed,
        }
    }

    pub(crate) const fn generation(self) -> u64 {
        self.0 >> STATE_BITS
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_state_and_generation_and_passes_calls_in_both_closed_states() {
        for (state, passes) in [
            (State::Closed, true),
            (State::Open, false),
            (State::HalfOpen, false),
            (State::ForcedOpen, false),
            (State::ForcedClosed, true),
        ] {
            for generation in [0, 1, 4, 1 << 40] {
                let word = Word::unpack(Word::new(state, generation).pack());
                assert_eq!((word.state(), word.generation()), (state, generation));
                assert_eq!(word.passes(), passes, "{state:?}");
            }
        }
    }
}
