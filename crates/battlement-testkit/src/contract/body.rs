use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;

use super::{
    drive::exchange,
    subject::{Failure, Make, OuterBody, Subject, Told},
};
use crate::probe::{ProbeBody, Reply};

pub(super) async fn passes(make: Make<'_>) -> Told {
    let subject = make();
    for mut twin in scripts() {
        let mut body = body_of(&subject, &twin).await?;
        while let Some(Ok(expected)) = twin.frame().await {
            let came = body.frame().await.transpose().map_err(Failure::told)?;
            same_frame(&expected, came.as_ref())?;
        }
        if body.frame().await.is_some() {
            return Err("it went on after its end".to_owned());
        }
    }
    Ok(())
}

fn same_frame(expected: &Frame<bytes::Bytes>, came: Option<&Frame<bytes::Bytes>>) -> Told {
    let Some(came) = came else {
        return Err(format!("it ended before {expected:?}"));
    };
    let same_data = expected.data_ref() == came.data_ref();
    if same_data && expected.trailers_ref() == came.trailers_ref() {
        return Ok(());
    }
    Err(format!("{expected:?} came out as {came:?}"))
}

pub(super) async fn hints_are_exact(make: Make<'_>) -> Told {
    let subject = make();
    for mut twin in scripts() {
        let mut body = body_of(&subject, &twin).await?;
        loop {
            same_hints(&twin, &body)?;
            let (expected, came) = (twin.frame().await, body.frame().await);
            if expected.is_none() || came.is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn same_hints(expected: &ProbeBody, came: &OuterBody) -> Told {
    let (is_end, came_end) = (expected.is_end_stream(), came.is_end_stream());
    if is_end != came_end {
        return Err(format!("is_end_stream is {came_end} instead of {is_end}"));
    }
    let (hint, came_hint) = (expected.size_hint(), came.size_hint());
    if (hint.lower(), hint.upper()) != (came_hint.lower(), came_hint.upper()) {
        return Err(format!("size_hint is {came_hint:?} instead of {hint:?}"));
    }
    Ok(())
}

/// Every way in which a body that ends well can be made of frames.
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

async fn body_of(subject: &Subject, script: &ProbeBody) -> Told<OuterBody> {
    subject.probe.next(Reply::body(script.clone()));
    let response = exchange(subject, &mut subject.service()).await?;
    Ok(response.into_body())
}
