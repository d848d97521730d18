use std::time::Duration;

use battlement_core::InvalidField;

/// The limits of the bodies of one direction. Each is optional.
///
/// A limit counts only while the reader of the body waits for it: a handler that is busy, or a client that reads
/// slowly, does not use up the time of the sender.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_timeout::{BodyLimits, BodyTimeoutLayer};
///
/// // Uploads may take as long as they need, while they make progress.
/// let uploads = BodyLimits::requests().total(None);
/// // A response must begin within 5 s, and must not pause for longer.
/// let responses = BodyLimits::new().first_byte(Duration::from_secs(5)).idle(Duration::from_secs(5));
/// let layer = BodyTimeoutLayer::new().request(uploads).response(responses);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BodyLimits {
    pub(crate) first_byte: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) total: Option<Duration>,
}

impl BodyLimits {
    /// Creates limits of which none is set.
    #[must_use]
    pub const fn new() -> Self {
        Self { first_byte: None, idle: None, total: None }
    }

    /// Returns the default limits of request bodies: 10 s to the first byte, 20 s between frames and 5 min in total.
    #[must_use]
    pub const fn requests() -> Self {
        Self {
            first_byte: Some(Duration::from_secs(10)),
            idle: Some(Duration::from_secs(20)),
            total: Some(Duration::from_secs(300)),
        }
    }

    /// Returns the default limits of response bodies: 60 s to the first byte and between frames, without a total.
    #[must_use]
    pub const fn responses() -> Self {
        let minute = Some(Duration::from_secs(60));
        Self { first_byte: minute, idle: minute, total: None }
    }

    /// Sets the time from the first wait to the first byte of data; `None` means no limit.
    #[must_use]
    pub fn first_byte(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.first_byte = limit.into();
        self
    }

    /// Sets the time of one wait after the first byte; `None` means no limit. Only a frame with data, or trailers, end
    /// a wait; a frame without data does not.
    #[must_use]
    pub fn idle(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.idle = limit.into();
        self
    }

    /// Sets the time from the first wait to the end of the body; `None` means no limit.
    ///
    /// A sender that sends a byte within each idle limit is ended by this limit alone. A body that is always ready is
    /// checked at every 64th frame.
    #[must_use]
    pub fn total(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.total = limit.into();
        self
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.first_byte.is_none() && self.idle.is_none() && self.total.is_none()
    }

    /// Returns the errors of limits that no body could meet, or that never apply.
    pub(super) fn invalid_fields(&self) -> Vec<InvalidField> {
        let parts = [("first_byte", self.first_byte), ("idle", self.idle)];
        let zero = |(field, limit): (&str, Option<Duration>)| {
            let message = "must be greater than zero; to remove the limit, set no limit";
            limit.is_some_and(|limit| limit.is_zero()).then(|| InvalidField::new(field, message))
        };
        let beyond = |(field, limit): (&str, Option<Duration>)| {
            let (limit, total) = (limit?, self.total?);
            let message = format!("must be at most `total`, {total:?}, got {limit:?}");
            (limit > total && !total.is_zero()).then(|| InvalidField::new(field, message))
        };
        let zeros = parts.into_iter().chain([("total", self.total)]).filter_map(zero);
        zeros.chain(parts.into_iter().filter_map(beyond)).collect()
    }
}
