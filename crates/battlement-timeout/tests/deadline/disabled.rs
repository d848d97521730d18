//! A disabled layer inside of an active one, whose deadline the work still sees.

use std::{
    convert::Infallible,
    future::pending,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::Deadline;
use battlement_timeout::DeadlineLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tower::{Layer, ServiceExt, service_fn};

use crate::served::{MS, get};

fn disabled() -> DeadlineLayer {
    DeadlineLayer::new().bodies(true).enabled(false)
}

/// A body whose frames are the time that is left.
struct Left;

impl Body for Left {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = format!("{:?}", Deadline::current().map(Deadline::remaining));
        Poll::Ready(Some(Ok(Frame::data(left.into()))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_in_a_disabled_layer_sees_the_deadline_of_an_outer_one() {
    let work = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Left)));
    let service = DeadlineLayer::new().bodies(true).layer(disabled().layer(work));
    let mut body = service.oneshot(get(&[])).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "Some(30s)");
}

/// Notes the time that is left when it is dropped.
struct OnDrop(Arc<Mutex<Option<Duration>>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Deadline::current().map(Deadline::remaining);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_a_disabled_layer_sees_the_deadline_of_an_outer_one() {
    let left = Arc::new(Mutex::new(None));
    let work = service_fn(|_: Request<()>| {
        let on_drop = OnDrop(Arc::clone(&left));
        async move {
            let _on_drop = on_drop;
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let call = DeadlineLayer::new().layer(disabled().layer(work)).oneshot(get(&[]));
    assert!(timeout(1_000 * MS, call).await.is_err());
    assert_eq!(*left.lock().unwrap(), Some(29_000 * MS));
}
