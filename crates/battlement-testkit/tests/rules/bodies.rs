//! Layers that replace the service's body.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tower::util::MapResponseLayer;

use crate::assert_breaks_only;

type Polled = Poll<Option<Result<Frame<Bytes>, ProbeError>>>;

/// A defect of a body.
#[derive(Clone, Copy, PartialEq)]
enum Defect {
    DropsTrailers,
    ReplacesError,
    EndsAtError,
    HidesEnd,
    ReportsEndEarly,
    HidesSize,
    PollsTwice,
    DropsWaker,
}

struct DefectiveBody {
    inner: ProbeBody,
    defect: Defect,
}

impl DefectiveBody {
    fn polled(&mut self, cx: &mut Context<'_>) -> Polled {
        let mut without_waker = Context::from_waker(Waker::noop());
        let cx = if self.defect == Defect::DropsWaker { &mut without_waker } else { cx };
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match (self.defect, &polled) {
            (Defect::PollsTwice, Poll::Ready(None)) => Pin::new(&mut self.inner).poll_frame(cx),
            (Defect::EndsAtError, Poll::Ready(Some(Err(_)))) => Poll::Ready(None),
            _ => polled,
        }
    }
}

impl Body for DefectiveBody {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        Poll::Ready(match (self.defect, ready!(self.polled(cx))) {
            (Defect::DropsTrailers, Some(Ok(frame))) if frame.is_trailers() => None,
            (Defect::ReplacesError, Some(Err(_))) => Some(Err(ProbeError::new("another"))),
            (_, frame) => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        match self.defect {
            Defect::HidesEnd => false,
            Defect::ReportsEndEarly => self.inner.size_hint().exact() == Some(0),
            _ => self.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.defect {
            Defect::HidesSize => SizeHint::default(),
            _ => self.inner.size_hint(),
        }
    }
}

async fn only_breaks(defect: Defect, rule: Rule) {
    let contract = Contract::new(move || {
        MapResponseLayer::new(move |response: Response<ProbeBody>| {
            response.map(|inner| DefectiveBody { inner, defect })
        })
    });
    assert_breaks_only(contract, rule).await;
}

#[tokio::test]
async fn a_body_that_drops_trailers_is_detected() {
    only_breaks(Defect::DropsTrailers, Rule::BodyPasses).await;
}

#[tokio::test]
async fn a_body_that_replaces_its_error_is_detected() {
    only_breaks(Defect::ReplacesError, Rule::BodyErrorKept).await;
}

#[tokio::test]
async fn a_body_that_ends_without_the_error_of_the_inner_one_is_detected() {
    only_breaks(Defect::EndsAtError, Rule::BodyErrorKept).await;
}

#[tokio::test]
async fn a_body_that_does_not_report_its_end_is_detected() {
    only_breaks(Defect::HidesEnd, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_reports_its_end_before_its_trailers_is_detected() {
    only_breaks(Defect::ReportsEndEarly, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_does_not_report_its_size_is_detected() {
    only_breaks(Defect::HidesSize, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_polls_the_inner_one_after_its_end_is_detected() {
    only_breaks(Defect::PollsTwice, Rule::BodyPolledOnDemand).await;
}

#[tokio::test]
async fn a_body_that_does_not_pass_the_callers_waker_is_detected() {
    only_breaks(Defect::DropsWaker, Rule::BodyWakesPropagate).await;
}
