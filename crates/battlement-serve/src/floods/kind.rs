/// A flood of HTTP/2 frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flood {
    /// Streams that the client opens and resets (rapid reset, CVE-2023-44487).
    RapidReset,
    /// Resets that the client provokes by invalid frames (MadeYouReset, CVE-2025-8671).
    ProvokedReset,
    /// CONTINUATION frames (CVE-2024-27316).
    Continuation,
    /// DATA frames without data (CVE-2019-9518).
    EmptyData,
    /// SETTINGS frames (CVE-2019-9515).
    Settings,
    /// PING frames (CVE-2019-9512).
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
