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
    let code = GrpcCode::from_number(status.code().into())?;
    Some(classify::grpc_verdict(code, status.metadata().as_ref()))
}
