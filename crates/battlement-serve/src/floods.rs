//! Rates of the HTTP/2 frames that floods consist of.

/// A flood of HTTP/2 frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flood {
    /// Streams that the peer opens and resets at once (CVE-2023-44487).
    RapidReset,
    /// Resets that the peer provokes by invalid frames (CVE-2025-8671).
    ProvokedReset,
    /// A header block of many CONTINUATION frames.
    Continuation,
    /// DATA frames without data.
    EmptyData,
    /// SETTINGS frames.
    Settings,
    /// PING frames.
    Ping,
}

impl Flood {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::RapidReset,
        Self::ProvokedReset,
        Self::Continuation,
        Self::EmptyData,
        Self::Settings,
        Self::Ping,
    ];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RapidReset => "rapid_reset",
            Self::ProvokedReset => "provoked_reset",
            Self::Continuation => "continuation",
            Self::EmptyData => "empty_data",
            Self::Settings => "settings",
            Self::Ping => "ping",
        }
    }
}

/// The number of HTTP/2 frames of each kind that a connection may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct FloodLimits {
    /// Resets by the peer in a minute.
    pub(crate) resets: u32,
}

impl FloodLimits {
    /// Creates the default limits.
    pub const fn new() -> Self {
        Self { resets: 6_000 }
    }

    /// Sets how many streams a peer may reset in a minute. Default: 6,000.
    pub const fn resets(mut self, resets: u32) -> Self {
        self.resets = resets;
        self
    }

    /// Returns the invalid limits.
    pub(crate) fn invalid_fields(&self) -> Vec<battlement_core::InvalidField> {
        let zero = self.resets == 0;
        zero.then(|| battlement_core::InvalidField::new("resets", "must be at least 1"))
            .into_iter()
            .collect()
    }
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self::new()
    }
}
