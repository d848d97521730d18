use battlement_core::GrpcCode;
use http::StatusCode;

/// The gRPC code that means what `status` means.
///
/// Not what gRPC clients guess of a bare HTTP status
/// ([`GrpcCode::from_http`]): a guess takes a 404 for a method that is not there, and a 413 for anything.
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
