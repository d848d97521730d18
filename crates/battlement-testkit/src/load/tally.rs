use std::ops::Add;

/// The end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// A complete response with a status other than those below.
    Answered,
    /// A complete response that reports overload: status 429 or 503, RESOURCE_EXHAUSTED or UNAVAILABLE.
    Rejected,
    /// A complete response with another status of 500 or above, or with a gRPC status that reports a failure of the
    /// service.
    ServerError,
    /// No response on a new connection, although the request may have been processed.
    LostFresh,
    /// No response on a connection that had carried a request before, although the request may have been processed.
    LostReused,
    /// A response that broke off after its head.
    CutOff,
    /// No response, and the request was certainly not processed.
    NotProcessed,
}

/// The numbers of requests by [`End`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// See [`End::Answered`].
    pub answered: u64,
    /// See [`End::Rejected`].
    pub rejected: u64,
    /// See [`End::ServerError`].
    pub server_errors: u64,
    /// See [`End::LostFresh`].
    pub lost_fresh: u64,
    /// See [`End::LostReused`].
    pub lost_reused: u64,
    /// See [`End::CutOff`].
    pub cut_off: u64,
    /// See [`End::NotProcessed`].
    pub not_processed: u64,
}

impl Tally {
    /// Returns the number of requests without a complete response that may have been processed.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost_fresh + self.lost_reused + self.cut_off
    }

    /// Returns the number of all requests.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.answered + self.rejected + self.server_errors + self.lost() + self.not_processed
    }

    pub(super) const fn count(&mut self, end: End) {
        *match end {
            End::Answered => &mut self.answered,
            End::Rejected => &mut self.rejected,
            End::ServerError => &mut self.server_errors,
            End::LostFresh => &mut self.lost_fresh,
            End::LostReused => &mut self.lost_reused,
            End::CutOff => &mut self.cut_off,
            End::NotProcessed => &mut self.not_processed,
        } += 1;
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            rejected: self.rejected + other.rejected,
            server_errors: self.server_errors + other.server_errors,
            lost_fresh: self.lost_fresh + other.lost_fresh,
            lost_reused: self.lost_reused + other.lost_reused,
            cut_off: self.cut_off + other.cut_off,
            not_processed: self.not_processed + other.not_processed,
        }
    }
}
