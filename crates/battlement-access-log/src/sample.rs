use battlement_core::{RequestId, Trace};

/// The share of requests that are recorded.
///
/// Requests that failed or were slow are always recorded. Of the other requests, a whole trace is recorded or left out:
/// the choice depends on a hash of the trace id or, without a trace, of the request id, so services that sample the
/// same share record the same traces. A record carries the number of requests that it represents as its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    one_in: u32,
    /// Whether the flag of a trace decides, instead of the hash of its id.
    by_flag: bool,
}

impl Sample {
    /// Every request is recorded. The default.
    pub const ALL: Self = Self { one_in: 1, by_flag: false };

    /// Records one request in `n`, and those that failed or were slow.
    ///
    /// # Panics
    ///
    /// If `n` is 0.
    #[must_use]
    pub const fn one_in(n: u32) -> Self {
        assert!(n > 0, "Sample: `one_in` must be at least 1");
        Self { one_in: n, by_flag: false }
    }

    /// Records the requests whose trace has the sampled flag, and those that failed or were slow. `n` is the number of
    /// traces of which the tracing system samples one: the weight of a record. A request without a trace is recorded
    /// as with [`one_in`](Self::one_in).
    ///
    /// # Panics
    ///
    /// If `n` is 0.
    #[must_use]
    pub const fn sampled_traces(n: u32) -> Self {
        Self { by_flag: true, ..Self::one_in(n) }
    }

    /// Returns the number of requests that a sampled record represents.
    #[must_use]
    pub const fn weight(self) -> u32 {
        self.one_in
    }

    /// Returns whether the request with these ids is recorded although it neither failed nor was slow.
    pub(crate) fn keeps(self, trace: Option<&Trace>, id: Option<&RequestId>) -> bool {
        if let Some(trace) = trace.filter(|_| self.by_flag) {
            return trace.flags.is_sampled();
        }
        self.one_in == 1
            || self.share(trace, id).is_none_or(|hash| hash % u64::from(self.one_in) == 0)
    }

    /// Returns the hash of the ids; `None` if there are no ids.
    fn share(self, trace: Option<&Trace>, id: Option<&RequestId>) -> Option<u64> {
        trace
            .map(|trace| hash(&trace.trace_id.to_bytes()))
            .or_else(|| id.map(|id| hash(id.as_str().as_bytes())))
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self::ALL
    }
}

/// Returns the FNV-1a hash, which is the same in every process, mixed so that every bit depends on all others.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
