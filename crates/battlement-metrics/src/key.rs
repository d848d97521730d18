use battlement_core::DropReason;
use http::Version;

use crate::names::{OVERFLOW, Subject};

/// The identity of a series, in small numbers, since each request compares and hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Key {
    /// The route or the gRPC method.
    pub(crate) subject: Subject,
    /// The client, 0 for a server.
    pub(crate) owner: Subject,
    /// The HTTP status, or the gRPC code plus one; 0 if there was no response.
    pub(crate) status: u16,
    /// The index of the method among the known methods.
    pub(crate) method: u8,
    /// The scheme, the version and the error, packed so that a key fits one word.
    traits: u8,
}

const HTTPS: u8 = 1;
const VERSION: u8 = 0b111 << VERSION_AT;
const VERSION_AT: u8 = 1;
const ERROR: u8 = 0b111 << ERROR_AT;
const ERROR_AT: u8 = 4;

impl Key {
    /// The key of the overflow series.
    pub(crate) const OVERFLOW: Self = Self::new(OVERFLOW, 0, 0);

    /// Creates the key of a request without a status, a version or an error.
    pub(crate) const fn new(subject: Subject, owner: Subject, method: u8) -> Self {
        Self { subject, owner, status: 0, method, traits: 0 }
    }

    pub(crate) const fn is_https(self) -> bool {
        self.traits & HTTPS != 0
    }

    pub(crate) fn set_https(&mut self, https: bool) {
        self.traits = self.traits & !HTTPS | u8::from(https);
    }

    /// Returns the version number; 0 if the version is not a label.
    pub(crate) const fn version(self) -> u8 {
        (self.traits & VERSION) >> VERSION_AT
    }

    pub(crate) const fn set_version(&mut self, version: u8) {
        self.traits = self.traits & !VERSION | version << VERSION_AT;
    }

    pub(crate) const fn error(self) -> ErrorType {
        ErrorType::ALL[(self.traits >> ERROR_AT) as usize & 0b111]
    }

    pub(crate) const fn set_error(&mut self, error: ErrorType) {
        self.traits = self.traits & !ERROR | (error as u8) << ERROR_AT;
    }

    /// Returns whether one of its names exceeded the limit.
    pub(crate) const fn is_overflow(self) -> bool {
        self.subject == OVERFLOW || self.owner == OVERFLOW
    }

    /// Returns the whole key as one word.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.subject)
            | u64::from(self.owner) << 16
            | u64::from(self.status) << 32
            | u64::from(self.method) << 48
            | u64::from(self.traits) << 56
    }
}

/// The reason why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ErrorType {
    None,
    /// The status is an error.
    Status,
    Cancelled,
    Timeout,
    Shutdown,
    /// The service failed without a response.
    Error,
    /// The body failed, after the head.
    Body,
    Panic,
}

impl ErrorType {
    /// All variants in order of their discriminants.
    const ALL: [Self; 8] = [
        Self::None,
        Self::Status,
        Self::Cancelled,
        Self::Timeout,
        Self::Shutdown,
        Self::Error,
        Self::Body,
        Self::Panic,
    ];

    /// Returns the value of the label, except for [`Status`](Self::Status), whose value is the status.
    pub(crate) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Status => None,
            Self::Cancelled => Some(DropReason::Cancelled.as_str()),
            Self::Timeout => Some(DropReason::Timeout.as_str()),
            Self::Shutdown => Some(DropReason::Shutdown.as_str()),
            Self::Error => Some("error"),
            Self::Body => Some("body_error"),
            Self::Panic => Some("panic"),
        }
    }
}

impl From<DropReason> for ErrorType {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Timeout => Self::Timeout,
            DropReason::Shutdown => Self::Shutdown,
            _ => Self::Cancelled,
        }
    }
}

/// The numbers of the versions that servers support. (HTTP/0.9 has no status.)
pub(crate) const VERSIONS: &[u8] = &[2, 3, 4, 5];

/// Returns the number of a version, 1 or more.
pub(crate) const fn version_number(version: Version) -> u8 {
    match version {
        Version::HTTP_09 => 1,
        Version::HTTP_10 => 2,
        Version::HTTP_2 => 4,
        Version::HTTP_3 => 5,
        _ => 3,
    }
}

/// Returns the value of OpenTelemetry's `network.protocol.version`.
pub(crate) const fn version_name(number: u8) -> Option<&'static str> {
    match number {
        1 => Some("0.9"),
        2 => Some("1.0"),
        3 => Some("1.1"),
        4 => Some("2"),
        5 => Some("3"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        let error = prop::sample::select(ErrorType::ALL.to_vec());
        let numbers = (any::<u16>(), any::<u16>(), 0..1_000_u16, 0..33_u8, 0..6_u8);
        (numbers, any::<bool>(), error).prop_map(|(numbers, https, error)| {
            let (subject, owner, status, method, version) = numbers;
            with(Key { status, ..Key::new(subject, owner, method) }, version, https, error)
        })
    }

    fn with(mut key: Key, version: u8, https: bool, error: ErrorType) -> Key {
        key.set_version(version);
        key.set_https(https);
        key.set_error(error);
        key
    }

    proptest! {
        #[test]
        fn a_key_tells_what_was_set_last(
            key in key(), version in 0..6_u8, https: bool,
            error in prop::sample::select(ErrorType::ALL.to_vec()),
        ) {
            let set = with(key, version, https, error);
            prop_assert_eq!((set.version(), set.is_https(), set.error()), (version, https, error));
            prop_assert_eq!(with(set, key.version(), key.is_https(), key.error()), key);
        }

        #[test]
        fn two_keys_are_packed_alike_only_if_they_are_one(one in key(), other in key()) {
            prop_assert_eq!(one.packed() == other.packed(), one == other);
            // Keys that differ in one field, which random values rarely are.
            for near in [
                Key { owner: one.owner ^ 1, ..one },
                Key { status: one.status ^ 1, ..one },
                Key { method: one.method ^ 1, ..one },
                with(one, one.version() ^ 1, one.is_https(), one.error()),
                with(one, one.version(), !one.is_https(), one.error()),
            ] {
                prop_assert_ne!(one.packed(), near.packed());
            }
        }
    }
}
