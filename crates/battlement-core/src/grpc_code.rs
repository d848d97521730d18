use std::error::Error;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::{Ending, error_chain};

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

/// Code, name in the specification, and digits, at the index of the code.
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
    /// All codes, each at the index of its number.
    pub const ALL: [Self; 17] = {
        let mut all = [Self::Ok; 17];
        let mut at = 0;
        while at < all.len() {
            all[at] = TABLE[at].0;
            at += 1;
        }
        all
    };

    /// Parses `grpc-status` from the head of a trailers-only response or from trailers.
    ///
    /// A value that is not a code is [`Unknown`](Self::Unknown), as the specification requires; a missing header is
    /// `None`.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(&GRPC_STATUS)?.as_bytes();
        let known = TABLE.iter().find(|(_, _, digits)| digits.as_bytes() == value);
        Some(known.map_or(Self::Unknown, |(code, _, _)| *code))
    }

    /// Returns the code with this number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let index = usize::try_from(number).ok()?;
        TABLE.get(index).map(|(code, ..)| *code)
    }

    /// Returns the code of an HTTP response without `grpc-status` (the specification's `http-grpc-status-mapping`).
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

    /// Returns the code in the head of a response: `grpc-status` of a trailers-only response, else the mapping of an
    /// HTTP status other than 200. `None` if the code is at the end of the body.
    #[must_use]
    pub fn at_head(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let mapped = || (status != StatusCode::OK).then(|| Self::from_http(status));
        Self::from_headers(headers).or_else(mapped)
    }

    /// Returns the code of a call whose head left it open, by the end of its body: the one in the trailers,
    /// [`Unknown`](Self::Unknown) without any, [`Cancelled`](Self::Cancelled) if the caller gave up. `None` for a body
    /// that failed, whose code the caller chooses.
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

    /// Returns the code of an error that a client made of the status of a response: a `tonic::Status`, which is known with
    /// the feature `tonic`.
    ///
    /// A status that the client made of another error is not from the service, and has no code here.
    #[must_use]
    pub fn of_error(error: &(dyn Error + 'static)) -> Option<Self> {
        error_chain::grpc_code(error)
    }

    /// Returns whether the code is an error of a server, by OpenTelemetry's conventions; any other code but `Ok` is an
    /// error of its caller.
    #[must_use]
    #[inline]
    pub const fn is_server_error(self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::DeadlineExceeded
                | Self::Unimplemented
                | Self::Internal
                | Self::Unavailable
                | Self::DataLoss
        )
    }

    /// Returns the name in the specification, as `DEADLINE_EXCEEDED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Returns the value of `grpc-status`.
    #[must_use]
    pub const fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(TABLE[self as usize].2)
    }
}
