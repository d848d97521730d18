use battlement_core::{RequestId, Trace};

/// The share of requests that are recorded.
///
/// Requests that failed or were slow are always recorded. Of the other requests, a whole trace is recorded or left out:
/// the choice depends on a hash of the trace id or, without a trace, of the request id, so services that sample the
/// same share record the same traces. A record carries the number of requests that it represents as its weight.
///
/// A request with neither a trace nor a request id is always recorded, with the weight 1, so sampling needs a layer
/// further out that provides ids.
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

    /// Returns the weight of the record of a request with these ids that neither failed nor was slow; `None` if the
    /// request is not recorded.
    pub(crate) fn weigh(self, trace: Option<&Trace>, id: Option<&RequestId>) -> Option<u32> {
        let is_kept = match (trace, id) {
            (Some(trace), _) if self.by_flag => trace.flags.is_sampled(),
            (Some(trace), _) => self.takes(&trace.trace_id.to_bytes()),
            (None, Some(id)) => self.takes(id.as_str().as_bytes()),
            // Every such request is recorded, so none represents others.
            (None, None) => return Some(1),
        };
        is_kept.then_some(self.one_in)
    }

    fn takes(self, id: &[u8]) -> bool {
        self.one_in == 1 || hash(id).is_multiple_of(u64::from(self.one_in))
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
