use super::Flood;

/// A number of frames that a connection may send at once, and the number that is added each second.
///
/// # Example
///
/// ```
/// use battlement_serve::Rate;
///
/// let rate = Rate::new(1_000, 100);
/// assert_eq!((rate.burst(), rate.per_second()), (1_000, 100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    burst: u32,
    per_second: u32,
}

impl Rate {
    /// Creates a rate.
    #[must_use]
    pub const fn new(burst: u32, per_second: u32) -> Self {
        Self { burst, per_second }
    }

    /// Returns the number of frames at once.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Returns the number of frames that is added each second.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        self.per_second
    }
}

/// The rate of the frames that a client may send more often if the server answers it.
const MANY: Rate = Rate::new(1_000, 100);
/// The rate of frames that clients rarely send.
const FEW: Rate = Rate::new(100, 10);

/// The rates of HTTP/2 frames at which a connection is ended with a GOAWAY frame and the error ENHANCE_YOUR_CALM.
///
/// The rates are far above those of clients that cancel many requests: 1,000 frames at once and 100 a second.
///
/// # Example
///
/// ```
/// use battlement_serve::{FloodLimits, Limits, Rate};
///
/// let floods = FloodLimits::new().resets(Rate::new(5_000, 500));
/// assert!(Limits::new().streams(5_000).floods(floods).check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct FloodLimits {
    pub(super) resets: Rate,
    pub(super) provoked_resets: Rate,
    pub(super) continuations: Rate,
    pub(super) empty_data: Rate,
    pub(super) settings: Rate,
    pub(super) pings: Rate,
}

impl FloodLimits {
    /// Creates the default limits.
    pub const fn new() -> Self {
        Self {
            resets: MANY,
            provoked_resets: MANY,
            continuations: MANY,
            empty_data: FEW,
            settings: FEW,
            pings: MANY,
        }
    }

    /// Sets the rate of streams that a client resets. Each completed response allows one more, so a client is only
    /// limited if it resets more streams than it reads responses. Default: 1,000 at once and 100 a second.
    pub const fn resets(mut self, rate: Rate) -> Self {
        self.resets = rate;
        self
    }

    /// Sets the rate of resets that a client provokes: by invalid frames, by streams above the limit, and, at a tenth
    /// of the cost, by frames of a stream that has ended. Each completed response allows one more. Default: 1,000 at
    /// once and 100 a second.
    pub const fn provoked_resets(mut self, rate: Rate) -> Self {
        self.provoked_resets = rate;
        self
    }

    /// Sets the rate of CONTINUATION frames. Each completed response allows one more. A single header block of more
    /// frames than the largest header list needs is a flood at any rate. Default: 1,000 at once and 100 a second.
    pub const fn continuations(mut self, rate: Rate) -> Self {
        self.continuations = rate;
        self
    }

    /// Sets the rate of DATA frames that hold no data and do not end their stream. Default: 100 at once and 10 a second.
    ///
    /// h2 has limits of its own: it ends a connection after 100 of these frames at any rate, and after about 2,000 of
    /// less than 256 bytes each that the service does not read.
    pub const fn empty_data(mut self, rate: Rate) -> Self {
        self.empty_data = rate;
        self
    }

    /// Sets the rate of SETTINGS frames. Default: 100 at once and 10 a second.
    pub const fn settings(mut self, rate: Rate) -> Self {
        self.settings = rate;
        self
    }

    /// Sets the rate of PING frames. Each HEADERS, DATA and PING frame of the server allows one more, because clients
    /// measure the delay of the data that they receive. Default: 1,000 at once and 100 a second.
    pub const fn pings(mut self, rate: Rate) -> Self {
        self.pings = rate;
        self
    }

    pub(super) const fn rate(&self, flood: Flood) -> Rate {
        match flood {
            Flood::RapidReset => self.resets,
            Flood::ProvokedReset => self.provoked_resets,
            Flood::Continuation => self.continuations,
            Flood::EmptyData => self.empty_data,
            Flood::Settings => self.settings,
            Flood::Ping => self.pings,
        }
    }
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self::new()
    }
}
