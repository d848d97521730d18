use std::error::Error;

use tonic::{ConnectError, Status, TimeoutExpired};

use crate::{
    Failure, GrpcCode, Verdict, classify,
    error_chain::{NOT_PROCESSED, TIMEOUT},
};

/// Judges a connection that tonic could not make.
pub(super) fn not_connected(error: &(dyn Error + 'static)) -> Option<Verdict> {
    error.is::<ConnectError>().then_some(NOT_PROCESSED)
}

/// Judges a timeout of tonic.
pub(super) fn timed_out(error: &(dyn Error + 'static)) -> Option<Verdict> {
    error.is::<TimeoutExpired>().then_some(TIMEOUT)
}

/// Judges the status of a response. A status that tonic made from another error has that error as its source.
pub(super) fn status(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let status: &Status = error.downcast_ref()?;
    if status.source().is_some() {
        return Some(Verdict::Failure(Failure::Transport));
    }
    Some(classify::grpc_verdict(code(error)?, status.metadata().as_ref()))
}

/// Returns the code of the status of a response.
pub(super) fn code(error: &(dyn Error + 'static)) -> Option<GrpcCode> {
    let status: &Status = error.downcast_ref()?;
    if status.source().is_some() {
        return None;
    }
    GrpcCode::from_number(status.code().into())
}

#[cfg(test)]
mod tests {
    use std::io;

    use tonic::Code;

    use super::*;

    #[test]
    fn only_a_status_of_a_service_has_a_code() {
        let status = Status::new(Code::ResourceExhausted, "full");
        assert_eq!(GrpcCode::of_error(&status), Some(GrpcCode::ResourceExhausted));
        let made = Status::from_error(Box::new(io::Error::other("reset")));
        assert_eq!(GrpcCode::of_error(&made), None);
        assert_eq!(GrpcCode::of_error(&io::Error::other("reset")), None);
    }
}
