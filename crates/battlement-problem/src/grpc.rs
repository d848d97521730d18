use battlement_core::GrpcCode;
use http::StatusCode;

/// Returns the gRPC code with the meaning of `status`.
///
/// The mapping differs from what gRPC clients assume for a plain HTTP status ([`GrpcCode::from_http`]), which maps 404 to
/// UNIMPLEMENTED and 413 to UNKNOWN.
pub(crate) const fn code(status: StatusCode) -> GrpcCode {
    match status.as_u16() {
        401 => GrpcCode::Unauthenticated,
        403 => GrpcCode::PermissionDenied,
        404 | 410 => GrpcCode::NotFound,
        405 | 501 => GrpcCode::Unimplemented,
        408 | 504 => GrpcCode::DeadlineExceeded,
        409 => GrpcCode::Aborted,
        412 | 428 => GrpcCode::FailedPrecondition,
        413 | 429 => GrpcCode::ResourceExhausted,
        416 => GrpcCode::OutOfRange,
        499 => GrpcCode::Cancelled,
        400..=498 => GrpcCode::InvalidArgument,
        502 | 503 => GrpcCode::Unavailable,
        _ => GrpcCode::Internal,
    }
}
