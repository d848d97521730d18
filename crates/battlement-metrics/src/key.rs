use battlement_core::{DropReason, Scheme};
use http::Version;

use crate::names::{OVERFLOW, Subject};

/// What tells one series from another: small numbers, since a request compares and hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The route or the gRPC method.
    pub(crate) subject: Subject,
    /// The client, 0 for a server.
    pub(crate) owner: Subject,
    /// Of the HTTP answer, or the code of the gRPC one, by the family; 0 where there was none.
    pub(crate) status: u16,
    /// Its place among the known methods.
    pub(crate) method: u8,
    pub(crate) https: bool,
    /// 0 where the version is no label.
    pub(crate) version: u8,
    pub(crate) error: ErrorType,
}

impl Key {
    /// Of the one series for all that there is no room for.
    pub(crate) const OVERFLOW: Self = Self {
        subject: OVERFLOW,
        owner: 0,
        status: 0,
        method: 0,
        https: false,
        version: 0,
        error: ErrorType::None,
    };

    /// Whether there was no number for one of its names.
    pub(crate) const fn is_overflow(self) -> bool {
        self.subject == OVERFLOW || self.owner == OVERFLOW
    }

    /// All of it in one word: a status is below 1,024, there are at most 33 methods.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.subject)
            | u64::from(self.owner) << 16
            | u64::from(self.status) << 32
            | u64::from(self.method) << 42
            | u64::from(self.version) << 48
            | u64::from(self.https) << 51
            | (self.error as u64) << 52
    }
}

/// Why a request is no success, where its status does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ErrorType {
    None,
    /// The status says it.
    Status,
    Cancelled,
    Timeout,
    Shutdown,
    /// The service failed and answered nothing.
    Error,
    /// The body failed, after the head.
    Body,
    Panic,
}

impl ErrorType {
    /// The value of the label, but for what the status says.
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

/// 1 and up; 0 is no version.
pub(crate) const fn version_number(version: Version) -> u8 {
    match version {
        Version::HTTP_09 => 1,
        Version::HTTP_10 => 2,
        Version::HTTP_2 => 4,
        Version::HTTP_3 => 5,
        _ => 3,
    }
}

/// As OpenTelemetry's `network.protocol.version` has it.
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

/// Only what a trusted proxy or the connection says; anything else is `http`.
pub(crate) fn is_https(trusted: Option<Scheme>, uri: Option<&str>, assumed: bool) -> bool {
    match (trusted, uri) {
        (Some(scheme), _) => scheme == Scheme::Https,
        (None, Some("https")) => true,
        (None, Some("http")) => false,
        (None, _) => assumed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        let error =
            prop::sample::select(vec![ErrorType::None, ErrorType::Status, ErrorType::Panic]);
        let numbers = (any::<u16>(), any::<u16>(), 0..1_000_u16, 0..33_u8, 0..6_u8);
        (numbers, any::<bool>(), error).prop_map(|(numbers, https, error)| {
            let (subject, owner, status, method, version) = numbers;
            Key { subject, owner, status, method, https, version, error }
        })
    }

    proptest! {
        #[test]
        fn two_keys_are_packed_alike_only_if_they_are_one(one in key(), other in key()) {
            prop_assert_eq!(one.packed() == other.packed(), one == other);
            // Neighbours, which chance would hardly draw.
            for near in [
                Key { owner: one.owner ^ 1, ..one },
                Key { status: one.status ^ 1, ..one },
                Key { method: one.method ^ 1, ..one },
                Key { version: one.version ^ 1, ..one },
                Key { https: !one.https, ..one },
            ] {
                prop_assert_ne!(one.packed(), near.packed());
            }
        }
    }
}
