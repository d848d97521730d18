use http::StatusCode;

use super::RejectionKind;
use crate::GrpcCode;

impl RejectionKind {
    const fn answer(self) -> (StatusCode, GrpcCode) {
        use GrpcCode::{DeadlineExceeded, PermissionDenied, ResourceExhausted, Unavailable};
        match self {
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, ResourceExhausted),
            Self::Overloaded | Self::CircuitOpen | Self::Unavailable | Self::ShuttingDown => {
                (StatusCode::SERVICE_UNAVAILABLE, Unavailable)
            }
            Self::Timeout | Self::DeadlineExceeded => {
                (StatusCode::GATEWAY_TIMEOUT, DeadlineExceeded)
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, PermissionDenied),
        }
    }

    /// Returns the HTTP status of the response.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.answer().0
    }

    /// Returns the gRPC status of the response to a gRPC caller.
    #[must_use]
    pub const fn grpc_code(self) -> GrpcCode {
        self.answer().1
    }
}
