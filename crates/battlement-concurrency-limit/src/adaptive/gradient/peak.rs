/// The windows of one half of the memory.
const HALF: u32 = 10;

/// The largest number of calls in flight in the last ten to twenty windows.
///
/// A single window of 100 ms misses most bursts: a limit of twice its maximum rejects calls at half load.
#[derive(Clone, Debug, Default)]
pub(super) struct Peak {
    now: usize,
    before: usize,
    windows: u32,
}

impl Peak {
    /// Adds a window, and returns the peak with it.
    pub(super) fn push(&mut self, in_flight: usize) -> usize {
        self.windows += 1;
        if self.windows == HALF {
            (self.windows, self.before, self.now) = (0, self.now, 0);
        }
        self.now = self.now.max(in_flight);
        self.now.max(self.before)
    }
}
