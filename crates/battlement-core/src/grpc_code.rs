use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::Ending;

/// A gRPC status code, 0 to 16.
///
/// The meanings are those of the [gRPC core docs](https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is defined in the page linked above")]
pub enum GrpcCode {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Code, name as in the specification, and digits, at the index of the code.
const TABLE: [(GrpcCode, &str, &str); 17] = [
    (GrpcCode::Ok, "OK", "0"),
    (GrpcCode::Cancelled, "CANCELLED", "1"),
    (GrpcCode::Unknown, "UNKNOWN", "2"),
    (GrpcCode::InvalidArgument, "INVALID_ARGUMENT", "3"),
    (GrpcCode::DeadlineExceeded, "DEADLINE_EXCEEDED", "4"),
    (GrpcCode::NotFound, "NOT_FOUND", "5"),
    (GrpcCode::AlreadyExists, "ALREADY_EXISTS", "6"),
    (GrpcCode::PermissionDenied, "PERMISSION_DENIED", "7"),
    (GrpcCode::ResourceExhausted, "RESOURCE_EXHAUSTED", "8"),
    (GrpcCode::FailedPrecondition, "FAILED_PRECONDITION", "9"),
    (GrpcCode::Aborted, "ABORTED", "10"),
    (GrpcCode::OutOfRange, "OUT_OF_RANGE", "11"),
    (GrpcCode::Unimplemented, "UNIMPLEMENTED", "12"),
    (GrpcCode::Internal, "INTERNAL", "13"),
    (GrpcCode::Unavailable, "UNAVAILABLE", "14"),
    (GrpcCode::DataLoss, "DATA_LOSS", "15"),
    (GrpcCode::Unauthenticated, "UNAUTHENTICATED", "16"),
];

impl GrpcCode {
    /// All of them, each at the index of its number.
    pub const ALL: [Self; 17] = {
        let mut all = [Self::Ok; 17];
        let mut at = 0;
        while at < all.len() {
            all[at] = TABLE[at].0;
            at += 1;
        }
        all
    };

    /// Reads `grpc-status` from the head of a trailers-only answer or from trailers.
    ///
    /// A value that is no code is [`Unknown`](Self::Unknown), as the specification asks; none is `None`.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(&GRPC_STATUS)?.as_bytes();
        let known = TABLE.iter().find(|(_, _, digits)| digits.as_bytes() == value);
        Some(known.map_or(Self::Unknown, |(code, _, _)| *code))
    }

    /// What a caller makes of an HTTP answer without `grpc-status`
    /// (the specification's `http-grpc-status-mapping`).
    #[must_use]
    pub const fn from_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// Returns the status that the head of a response tells: `grpc-status` of a trailers-only answer, else what a
    /// caller makes of an HTTP status other than 200. `None` if the status is at the end of the body.
    #[must_use]
    pub fn at_head(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let mapped = || (status != StatusCode::OK).then(|| Self::from_http(status));
        Self::from_headers(headers).or_else(mapped)
    }

    /// Returns the status of a call whose head left it open, by the end of its body: that of the trailers,
    /// [`Unknown`](Self::Unknown) where there is none, [`Cancelled`](Self::Cancelled) if the caller gave up. `None`
    /// for a body that broke, which the caller makes something of its own of.
    #[must_use]
    pub fn at_end(ending: Ending, trailers: Option<&HeaderMap>) -> Option<Self> {
        match ending {
            Ending::Complete | Ending::Trailers => {
                Some(trailers.and_then(Self::from_headers).unwrap_or(Self::Unknown))
            }
            Ending::Dropped => Some(Self::Cancelled),
            Ending::Error => None,
        }
    }

    /// The name in the specification, as `DEADLINE_EXCEEDED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The value of `grpc-status`.
    #[must_use]
    pub const fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(TABLE[self as usize].2)
    }
}
