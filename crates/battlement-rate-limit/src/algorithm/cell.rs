use std::array;

/// The state of one key under one policy.
///
/// The default is the state of an unused key, and every cell expires to that. A cell contains the numbers of the rule
/// that has written it, so that a policy whose numbers have changed can convert it.
///
/// Cells that another process has written, or that were read incorrectly, do no harm: all algorithms accept any bytes,
/// and cut a cell that expires later than the policy allows.
// Packed into 20 bytes, so that an entry of the store in memory, including the key, is half a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct Cell {
    /// The time at which the cell expires: the theoretical arrival time of GCRA, or the end of its windows.
    pub(crate) until: u64,
    /// For a window, the used units of the current window in the lower half and of the previous one in the upper half.
    /// For GCRA, the nanoseconds until one unit is restored, as the bits of an `f64`.
    pub(crate) state: u64,
    /// Identifies the rule that wrote the cell. For a window, its period in microseconds, as the bits of an `f32`.
    pub(crate) rule: u32,
}

/// The last time that is counted as such, in nanoseconds. Adding the time in which any policy restores all of its units
/// does not overflow.
pub(super) const LAST: u64 = (1 << 53) * 1_000;

impl Cell {
    /// Creates a cell from the bytes of [`to_bytes`](Self::to_bytes).
    #[must_use]
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        let word = |start| u64::from_le_bytes(array::from_fn(|index| bytes[start + index]));
        let rule = u32::from_le_bytes(array::from_fn(|index| bytes[16 + index]));
        Self { until: word(0), state: word(8), rule }
    }

    /// Returns the cell as bytes, which are the same on all machines.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.until.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.state.to_le_bytes());
        bytes[16..].copy_from_slice(&self.rule.to_le_bytes());
        bytes
    }

    /// Returns the time, in nanoseconds by the clock of the store, from which the cell equals the default: a store may
    /// remove it.
    #[must_use]
    pub const fn expires_at(self) -> u64 {
        self.until
    }

    /// Returns whether the cell has expired.
    pub(crate) const fn is_spent(self, now: u64) -> bool {
        self.until <= now
    }
}
