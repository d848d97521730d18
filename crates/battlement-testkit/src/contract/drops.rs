use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::BodyExt as _;

use super::{
    drive::{begin, exchange, reach, read},
    subject::{Check, Failure, Make, OuterBody, Subject},
};
use crate::probe::{Gate, ProbeBody, ProbeError, Reply};

pub(super) async fn unpolled(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();
    drop(begin(&mut service, subject.request()).await?);
    subject.at_rest()?;

    let outlives_service = begin(&mut service, subject.request()).await?;
    drop(service);
    drop(outlives_service);
    subject.at_rest()
}

pub(super) async fn in_flight(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();
    subject.probe.always(Reply::never());

    let mut polled_once = begin(&mut service, subject.request()).await?;
    let _ = polled_once.poll();
    drop(polled_once);
    subject.at_rest()?;

    let mut call = begin(&mut service, subject.request()).await?;
    reach(&subject, &mut call).await?;
    drop(call);
    subject.at_rest()
}

pub(super) async fn before_body(make: Make<'_>) -> Check {
    let subject = make();
    for body in [two_frames(), two_frames().stream()] {
        drop(body_of(&subject, body).await?);
        subject.at_rest()?;
    }
    Ok(())
}

pub(super) async fn mid_body(make: Make<'_>) -> Check {
    let subject = make();
    let mut body = body_of(&subject, two_frames()).await?;
    frame(&mut body).await?;
    drop(body);
    subject.at_rest()?;

    let stalled = ProbeBody::from("first").wait(&Gate::new()).data("never");
    let mut body = body_of(&subject, stalled).await?;
    frame(&mut body).await?;
    let _ = tokio_test::task::spawn(body.frame()).poll();
    drop(body);
    subject.at_rest()
}

pub(super) async fn body_ends(make: Make<'_>) -> Check {
    let subject = make();
    for script in [two_frames(), two_frames().stream()] {
        let mut body = body_of(&subject, script).await?;
        read(&mut body).await?;
        drop(body);
        subject.at_rest()?;
    }
    Ok(())
}

pub(super) async fn body_fails(make: Make<'_>) -> Check {
    let subject = make();
    let script = two_frames().error(ProbeError::new("cut off"));
    let mut body = body_of(&subject, script).await?;
    let _ = read(&mut body).await;
    drop(body);
    subject.at_rest()
}

/// Polls bodies as hyper does for HTTP/1: it never polls a body that it does not send, and no body beyond its
/// `content-length`.
pub(super) async fn body_not_needed(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();

    subject.probe.next(Reply::body(two_frames()));
    let head = Request::builder().method(Method::HEAD);
    let head = head.body(ProbeBody::empty()).unwrap_or_default();
    drop(begin(&mut service, subject.prepared(head)).await?.await);
    subject.at_rest()?;

    subject.probe.next(Reply::status(StatusCode::NO_CONTENT));
    drop(exchange(&subject, &mut service).await?);
    subject.at_rest()?;

    let mut sized = Response::new(ProbeBody::from("abc"));
    sized.headers_mut().insert(CONTENT_LENGTH, 3.into());
    subject.probe.next(Reply::respond(sized));
    let mut body = exchange(&subject, &mut service).await?.into_body();
    frame(&mut body).await?;
    drop(body);
    subject.at_rest()
}

pub(super) async fn call_fails(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::error(ProbeError::new("rejected")));
    drop(exchange(&subject, &mut subject.service()).await);
    subject.at_rest()
}

fn two_frames() -> ProbeBody {
    ProbeBody::from("one").data("two")
}

async fn body_of(subject: &Subject, body: ProbeBody) -> Check<OuterBody> {
    subject.probe.next(Reply::body(body));
    let response = exchange(subject, &mut subject.service()).await?;
    Ok(response.into_body())
}

async fn frame(body: &mut OuterBody) -> Check {
    match body.frame().await {
        Some(frame) => frame.map(|_| ()).map_err(Failure::describe),
        None => Err("a frame of the body is missing".to_owned()),
    }
}
