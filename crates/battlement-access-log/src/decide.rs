//! The decision whether a record is written, from values alone.

use std::time::Duration;

use battlement_core::{RequestId, Trace};
use http::StatusCode;

use crate::{Outcome, Sample, Skip};

/// The parts of a finished request on which the decision depends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<StatusCode>,
    pub(crate) duration: Duration,
    /// Whether [`Skip`] concerns the request.
    pub(crate) is_skipped: bool,
    pub(crate) trace: Option<&'a Trace>,
    pub(crate) id: Option<&'a RequestId>,
}

/// The decision on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The record is written, and represents this number of requests.
    Write(u32),
    /// A filter leaves the record out.
    Skip,
    /// Sampling leaves the record out.
    SampledOut,
}

/// Decides on the record of a request that has ended, or whose head is recorded. A request that failed or was `slow` is
/// never sampled out.
pub(crate) fn decide(
    skip: &Skip,
    sample: Sample,
    slow: Duration,
    finished: &Finished<'_>,
) -> Decision {
    let Finished { outcome, status, duration, is_skipped, trace, id } = *finished;
    if is_skipped && !outcome.is_failure() && skip.leaves_out(status) {
        return Decision::Skip;
    }
    if outcome.is_failure() || duration >= slow {
        return Decision::Write(1);
    }
    sampled(sample, trace, id)
}

/// Decides on the line of a request that was received, whose status is not known: it passes the same filter.
pub(crate) fn decide_received(
    sample: Sample,
    is_skipped: bool,
    trace: Option<&Trace>,
    id: Option<&RequestId>,
) -> Decision {
    if is_skipped { Decision::Skip } else { sampled(sample, trace, id) }
}

fn sampled(sample: Sample, trace: Option<&Trace>, id: Option<&RequestId>) -> Decision {
    sample.weigh(trace, id).map_or(Decision::SampledOut, Decision::Write)
}

#[cfg(test)]
mod tests {
    use battlement_core::ErrorType;

    use super::*;

    const SLOW: Duration = Duration::from_secs(1);

    /// Decides on a request without ids, which sampling keeps.
    fn of(outcome: Outcome, status: u16, is_skipped: bool) -> Decision {
        let status = StatusCode::from_u16(status).ok();
        let (duration, trace, id) = (SLOW, None, None);
        let finished = Finished { outcome, status, duration, is_skipped, trace, id };
        decide(&Skip::default(), Sample::ALL, SLOW, &finished)
    }

    #[test]
    fn a_filter_leaves_out_the_requests_that_it_concerns_and_that_succeed() {
        assert_eq!(of(Outcome::Ok, 200, true), Decision::Skip);
        assert_eq!(of(Outcome::Ok, 200, false), Decision::Write(1));
        assert_eq!(of(Outcome::ClientError, 404, true), Decision::Write(1));
        // The body of a probe that was answered with 200 may fail, and a gRPC call has the status 200.
        assert_eq!(of(Outcome::Failed(ErrorType::Body), 200, true), Decision::Write(1));
    }
}
