use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;

use super::{HttpSubject, OuterBody};
use crate::{
    contract::subject::{Check, Failure, Make},
    probe::ProbeBody,
};

pub(in crate::contract) async fn passes(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    for mut reference in scripts() {
        let mut body = subject.body_of(reference.clone()).await?;
        while let Some(Ok(expected)) = reference.frame().await {
            let actual = body.frame().await.transpose().map_err(Failure::describe)?;
            same_frame(&expected, actual.as_ref())?;
        }
        if body.frame().await.is_some() {
            return Err("the body has a frame after its end".to_owned());
        }
    }
    Ok(())
}

fn same_frame(expected: &Frame<bytes::Bytes>, actual: Option<&Frame<bytes::Bytes>>) -> Check {
    let Some(actual) = actual else {
        return Err(format!("the body ended before {expected:?}"));
    };
    let same_data = expected.data_ref() == actual.data_ref();
    if same_data && expected.trailers_ref() == actual.trailers_ref() {
        return Ok(());
    }
    Err(format!("{expected:?} was returned as {actual:?}"))
}

pub(in crate::contract) async fn hints_are_exact(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    for mut reference in scripts() {
        let mut body = subject.body_of(reference.clone()).await?;
        loop {
            same_hints(&reference, &body)?;
            let (expected, actual) = (reference.frame().await, body.frame().await);
            if expected.is_none() || actual.is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn same_hints(expected: &ProbeBody, actual: &OuterBody) -> Check {
    let (expected_end, actual_end) = (expected.is_end_stream(), actual.is_end_stream());
    if expected_end != actual_end {
        return Err(format!("is_end_stream is {actual_end} instead of {expected_end}"));
    }
    let (expected, actual) = (expected.size_hint(), actual.size_hint());
    if (expected.lower(), expected.upper()) != (actual.lower(), actual.upper()) {
        return Err(format!("size_hint is {actual:?} instead of {expected:?}"));
    }
    Ok(())
}

/// Returns bodies without errors in every combination of frames.
fn scripts() -> [ProbeBody; 6] {
    let frames = || ProbeBody::from("one").data("two").data("three");
    [
        ProbeBody::empty(),
        ProbeBody::from("all"),
        frames(),
        frames().stream(),
        frames().trailers(trailers()),
        ProbeBody::empty().trailers(trailers()).stream(),
    ]
}

fn trailers() -> HeaderMap {
    let status = HeaderName::from_static("grpc-status");
    HeaderMap::from_iter([(status, HeaderValue::from_static("0"))])
}
