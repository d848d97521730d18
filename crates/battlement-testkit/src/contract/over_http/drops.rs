use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::BodyExt as _;

use super::{HttpSubject, OuterBody};
use crate::{
    contract::{
        drive::begin,
        subject::{Check, Failure, Make},
    },
    probe::{Gate, ProbeBody, ProbeError, Reply},
};

pub(in crate::contract) async fn before_body(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    for body in [two_frames(), two_frames().stream()] {
        drop(subject.body_of(body).await?);
        subject.base.at_rest()?;
    }
    Ok(())
}

pub(in crate::contract) async fn mid_body(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let mut body = subject.body_of(two_frames()).await?;
    frame(&mut body).await?;
    drop(body);
    subject.base.at_rest()?;

    let stalled = ProbeBody::from("first").wait(&Gate::new()).data("never");
    let mut body = subject.body_of(stalled).await?;
    frame(&mut body).await?;
    let _ = tokio_test::task::spawn(body.frame()).poll();
    drop(body);
    subject.base.at_rest()
}

pub(in crate::contract) async fn body_ends(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    for script in [two_frames(), two_frames().stream()] {
        let mut body = subject.body_of(script).await?;
        read(&mut body).await?;
        drop(body);
        subject.base.at_rest()?;
    }
    Ok(())
}

pub(in crate::contract) async fn body_fails(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let script = two_frames().error(ProbeError::new("cut off"));
    let mut body = subject.body_of(script).await?;
    let _ = read(&mut body).await;
    drop(body);
    subject.base.at_rest()
}

/// Polls bodies as hyper does for HTTP/1: it never polls a body that it does not send, and no body beyond its
/// `content-length`.
pub(in crate::contract) async fn body_not_needed(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let mut service = subject.service();

    subject.probe.next(Reply::body(two_frames()));
    let head = Request::builder().method(Method::HEAD);
    let head = head.body(ProbeBody::empty()).unwrap_or_default();
    drop(begin(&mut service, subject.prepared(head)).await?.await);
    subject.base.at_rest()?;

    subject.probe.next(Reply::status(StatusCode::NO_CONTENT));
    drop(subject.exchange(&mut service).await?);
    subject.base.at_rest()?;

    let mut sized = Response::new(ProbeBody::from("abc"));
    sized.headers_mut().insert(CONTENT_LENGTH, 3.into());
    subject.probe.next(Reply::respond(sized));
    let mut body = subject.exchange(&mut service).await?.into_body();
    frame(&mut body).await?;
    drop(body);
    subject.base.at_rest()
}

fn two_frames() -> ProbeBody {
    ProbeBody::from("one").data("two")
}

async fn frame(body: &mut OuterBody) -> Check {
    match body.frame().await {
        Some(frame) => frame.map(|_| ()).map_err(Failure::describe),
        None => Err("a frame of the body is missing".to_owned()),
    }
}

/// Reads `body` to its end.
pub(super) async fn read(body: &mut OuterBody) -> Check {
    while let Some(frame) = body.frame().await {
        frame.map_err(Failure::describe)?;
    }
    Ok(())
}
