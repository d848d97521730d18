use std::{
    convert::Infallible,
    future::Ready,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Waker},
};

use bytes::Bytes;
use http::Response;
use http_body::Body as _;
use http_body_util::Channel;
use tokio::task::yield_now;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::service::{Body, get, grpc, shutdown};

/// Drops 10,000 requests: unpolled, in flight, with the head, and within the body, also after a change of task.
#[tokio::test]
async fn ten_thousand_requests_dropped_at_every_stage_leave_no_guard_behind() {
    let shutdown = shutdown();
    let service = service_fn(|_| async {
        yield_now().await;
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(2);
        sender.send_data(Bytes::from_static(b"half")).await.unwrap();
        std::mem::forget(sender);
        Ok::<_, Infallible>(Response::new(body))
    });
    let mut service = shutdown.layer().layer(service);
    let cx = &mut Context::from_waker(Waker::noop());
    for request in 0..10_000 {
        let call = service.ready().await.unwrap().call(get());
        let stage = request % 5;
        if stage == 0 {
            continue;
        }
        let mut call = Box::pin(call);
        assert!(call.as_mut().poll(cx).is_pending());
        if stage == 1 {
            continue;
        }
        let response = if stage == 4 { tokio::spawn(call).await.unwrap() } else { call.await };
        let mut body = pin!(response.unwrap().into_body());
        if stage >= 3 {
            assert!(body.as_mut().poll_frame(cx).is_ready());
            assert!(body.as_mut().poll_frame(cx).is_pending());
        }
    }
    let counts = shutdown.handle().in_flight().counts();
    assert!(counts.iter().all(|(_, count)| *count == 0), "{counts:?}");
}

#[tokio::test]
async fn a_service_that_panics_in_its_call_leaves_no_guard_behind() {
    let shutdown = shutdown();
    let panics = service_fn(|_| -> Ready<Result<Response<Body>, Infallible>> { panic!("a test") });
    let mut service = shutdown.layer().layer(panics);
    for request in [get(), grpc()] {
        let service = service.ready().await.unwrap();
        let call = AssertUnwindSafe(|| drop(service.call(request)));
        assert!(catch_unwind(call).is_err());
        let counts = shutdown.handle().in_flight().counts();
        assert!(counts.iter().all(|(_, count)| *count == 0), "{counts:?}");
    }
}
