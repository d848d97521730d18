//! A caller that disconnects at any point: before the first poll, while it waits, between two frames, or never.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use http::{Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use crate::{
    dice::Dice,
    service::AnyBody,
    stack::{Layered, request},
    tally::{Family, Outcome},
};

/// Several times the duration of a call to a service that hangs.
const PATIENCE: Duration = Duration::from_millis(10);

/// Calls the service once, and returns the outcome that metrics must record.
pub(crate) async fn call(service: &Layered, dice: &mut Dice) -> Outcome {
    let mut service = service.clone();
    let Ok(ready) = service.ready().await;
    let future = Box::pin(ready.call(request(dice)));
    let polls = if dice.one_in(4) { Some(dice.below(6)) } else { None };
    match poll_for_a_while(future, polls).await {
        Ok(Ok(response)) => read(response, dice).await,
        Err(future) => {
            lose(future, dice).await;
            outcome(Family::Request, None, "cancelled")
        }
    }
}

/// Reads the body up to a random frame.
async fn read(response: Response<AnyBody>, dice: &mut Dice) -> Outcome {
    let status = response.status();
    let is_absent = matches!(status.as_u16(), 101 | 204 | 304);
    let is_events = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let length = response.body().size_hint().exact();
    let is_stream = status == StatusCode::SWITCHING_PROTOCOLS || (is_events && length.is_none());
    let family = if is_stream { Family::Stream } else { Family::Request };
    let mut body = Box::pin(response.into_body());
    let mut left = length.unwrap_or(u64::MAX);
    let mut is_over = is_absent || left == 0 || body.is_end_stream();
    let mut frames = if dice.one_in(3) { dice.below(5) } else { u32::MAX };
    while frames > 0 && !body.is_end_stream() {
        frames -= 1;
        let polls = if dice.one_in(8) { dice.below(4) } else { 64 };
        match poll_for_a_while(Box::pin(body.frame()), Some(polls)).await {
            Ok(Some(Ok(frame))) => left -= frame.data_ref().map_or(0, |data| data.len() as u64),
            Ok(Some(Err(_))) => return outcome(family, Some(status), "body_error"),
            Ok(None) => is_over = true,
            // No frame is ready, and the caller does not wait.
            Err(_) => break,
        }
        is_over |= left == 0 || body.is_end_stream();
        if is_over {
            break;
        }
    }
    lose(body, dice).await;
    let error = if is_over { failure(status) } else { "cancelled".to_owned() };
    outcome(family, Some(status), error)
}

/// Polls a limited number of times, or for a limited time, and returns the future if it is still pending.
async fn poll_for_a_while<F: Future>(
    mut future: Pin<Box<F>>,
    polls: Option<u32>,
) -> Result<F::Output, Pin<Box<F>>> {
    let output = match polls {
        Some(polls) => repeatedly(future.as_mut(), polls).await,
        None => timeout(PATIENCE, future.as_mut()).await.ok(),
    };
    output.ok_or(future)
}

async fn repeatedly<F: Future>(mut future: Pin<&mut F>, mut polls: u32) -> Option<F::Output> {
    let polled = poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        cx.waker().wake_by_ref();
        future.as_mut().poll(cx).map(Some)
    });
    polled.await
}

/// Drops a future or a body here, or in a task that the other thread may run.
async fn lose<T: Send + 'static>(lost: T, dice: &mut Dice) {
    if dice.one_in(4) {
        let elsewhere = tokio::spawn(async move { drop(lost) });
        elsewhere.await.unwrap();
    }
}

fn outcome(family: Family, status: Option<StatusCode>, error: impl Into<String>) -> Outcome {
    let status = status.map(|status| status.as_str().to_owned()).unwrap_or_default();
    Outcome { family, status, error: error.into() }
}

/// Returns the `error_type` of a complete response with this status. Only the timeout of the stack answers 504.
fn failure(status: StatusCode) -> String {
    match status {
        StatusCode::GATEWAY_TIMEOUT => "timeout".to_owned(),
        _ if status.is_server_error() => status.as_str().to_owned(),
        _ => String::new(),
    }
}
