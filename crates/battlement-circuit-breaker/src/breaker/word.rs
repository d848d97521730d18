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
    pub(crate) const fn passes(self) -> bool {
        matches!(self.state(), State::Closed | State::ForcedClosed)
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
