//! Layers whose body is not the service's.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tower::util::MapResponseLayer;

use crate::only_broken;

type Polled = Poll<Option<Result<Frame<Bytes>, ProbeError>>>;

/// What is wrong with a body.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    DropsTrailers,
    SwapsError,
    EndsAtError,
    HidesEnd,
    SaysEndEarly,
    HidesSize,
    PollsTwice,
}

struct Faulty {
    inner: ProbeBody,
    fault: Fault,
}

impl Faulty {
    fn polled(&mut self, cx: &mut Context<'_>) -> Polled {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match (self.fault, &polled) {
            (Fault::PollsTwice, Poll::Ready(None)) => Pin::new(&mut self.inner).poll_frame(cx),
            (Fault::EndsAtError, Poll::Ready(Some(Err(_)))) => Poll::Ready(None),
            _ => polled,
        }
    }
}

impl Body for Faulty {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        Poll::Ready(match (self.fault, ready!(self.polled(cx))) {
            (Fault::DropsTrailers, Some(Ok(frame))) if frame.is_trailers() => None,
            (Fault::SwapsError, Some(Err(_))) => Some(Err(ProbeError::new("another"))),
            (_, frame) => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        match self.fault {
            Fault::HidesEnd => false,
            Fault::SaysEndEarly => self.inner.size_hint().exact() == Some(0),
            _ => self.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.fault {
            Fault::HidesSize => SizeHint::default(),
            _ => self.inner.size_hint(),
        }
    }
}

async fn only_breaks(fault: Fault, rule: Rule) {
    let contract = Contract::new(move || {
        MapResponseLayer::new(move |response: Response<ProbeBody>| {
            response.map(|inner| Faulty { inner, fault })
        })
    });
    only_broken(contract, rule).await;
}

#[tokio::test]
async fn a_body_that_drops_trailers_is_found() {
    only_breaks(Fault::DropsTrailers, Rule::BodyPasses).await;
}

#[tokio::test]
async fn a_body_that_swaps_its_error_is_found() {
    only_breaks(Fault::SwapsError, Rule::BodyErrorKept).await;
}

#[tokio::test]
async fn a_body_that_ends_as_if_whole_where_the_inner_one_fails_is_found() {
    only_breaks(Fault::EndsAtError, Rule::BodyErrorKept).await;
}

#[tokio::test]
async fn a_body_that_does_not_say_that_it_is_at_its_end_is_found() {
    only_breaks(Fault::HidesEnd, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_says_that_it_is_at_its_end_before_its_trailers_is_found() {
    only_breaks(Fault::SaysEndEarly, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_forgets_its_size_is_found() {
    only_breaks(Fault::HidesSize, Rule::SizeHintExact).await;
}

#[tokio::test]
async fn a_body_that_polls_on_after_the_end_of_the_inner_one_is_found() {
    only_breaks(Fault::PollsTwice, Rule::PolledAsAsked).await;
}
