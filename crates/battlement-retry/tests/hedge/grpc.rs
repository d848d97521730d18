//! Calls of gRPC, whose status stands in the trailers.

use std::io;

use battlement_core::CallFacts;
use battlement_retry::{Attempts, HedgeLayer, ReplayBody};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Channel, Collected, Full, channel::Sender};
use tokio::time::{Instant, sleep};
use tower::{Layer as _, ServiceExt as _};

use crate::support::{DELAY, MILLISECOND, Sent, boxed};

type Stream = Sender<Bytes, io::Error>;

fn reserve() -> Request<Sent> {
    Request::post("http://stock/inventory.v1.Inventory/Reserve")
        .header("content-type", "application/grpc")
        .body(boxed(Full::from("order 7")))
        .unwrap()
}

/// Answers each copy with a head at once, and with a body that `send` writes. Returns the number of copies, the time of
/// the head in milliseconds, and the body.
async fn call(
    send: impl AsyncFn(u32, Stream) + Clone + 'static,
) -> (Attempts, u128, Collected<Bytes>) {
    let start = Instant::now();
    let upstream = tower::service_fn(move |request: Request<ReplayBody<Sent>>| {
        let send = send.clone();
        async move {
            let (sender, body) = Channel::new(4);
            let attempt = CallFacts::of(&request).attempt();
            tokio::task::spawn_local(async move { send(attempt, sender).await });
            let response = Response::builder().header("content-type", "application/grpc");
            Ok::<_, io::Error>(response.body(body).unwrap())
        }
    });
    let layer = HedgeLayer::http().after(DELAY);
    let layer = layer.idempotent_methods(["inventory.v1.Inventory/Reserve"]);
    let call = async {
        let response = layer.layer(upstream).oneshot(reserve()).await.unwrap();
        let (attempts, time) = (Attempts::of(&response), start.elapsed().as_millis());
        (attempts, time, response.into_body().collect().await.unwrap())
    };
    tokio::task::LocalSet::new().run_until(call).await
}

async fn message(sender: &mut Stream, data: &'static str) {
    // A copy that lost has dropped its body.
    let _ = sender.send_data(Bytes::from(data)).await;
}

async fn trailers(mut sender: Stream, status: &'static str) {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    let _ = sender.send_trailers(trailers).await;
}

#[tokio::test(start_paused = true)]
async fn a_status_in_the_trailers_starts_the_next_copy_at_once() {
    let (attempts, time, body) = call(async |attempt, mut sender| {
        if attempt == 1 {
            sleep(10 * MILLISECOND).await;
            return trailers(sender, "14").await;
        }
        message(&mut sender, "reserved").await;
        trailers(sender, "0").await;
    })
    .await;
    assert_eq!((time, attempts), (10, Attempts(2)));
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), "reserved");
}

#[tokio::test(start_paused = true)]
async fn a_head_without_a_message_does_not_win() {
    let (attempts, time, body) = call(async |attempt, mut sender| {
        sleep(if attempt == 1 { 500 } else { 10 } * MILLISECOND).await;
        message(&mut sender, if attempt == 1 { "first" } else { "second" }).await;
        trailers(sender, "0").await;
    })
    .await;
    assert_eq!((time, attempts), (60, Attempts(2)));
    assert_eq!(body.to_bytes(), "second");
}

#[tokio::test(start_paused = true)]
async fn a_head_is_passed_on_once_no_copy_can_follow() {
    let upstream = tower::service_fn(async |_: Request<ReplayBody<Sent>>| {
        let (sender, body) = Channel::<Bytes, io::Error>::new(4);
        let response = Response::builder().header("content-type", "application/grpc");
        // The body neither continues nor ends.
        std::mem::forget(sender);
        Ok::<_, io::Error>(response.body(body).unwrap())
    });
    let none = battlement_retry::Budget::new(0.0, 0);
    let layer = HedgeLayer::http().after(DELAY).budget(none);
    let start = Instant::now();
    let layer = layer.idempotent_methods(["inventory.v1.Inventory/Reserve"]);
    let response = layer.layer(upstream).oneshot(reserve()).await.unwrap();
    assert_eq!((start.elapsed(), Attempts::of(&response)), (DELAY, Attempts(1)));
}

#[cfg(feature = "tonic")]
#[tokio::test(start_paused = true)]
async fn a_layer_around_a_tonic_channel_sends_its_body() {
    let upstream = tower::service_fn(async |request: Request<tonic::body::Body>| {
        let attempt = CallFacts::of(&request).attempt();
        let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        assert_eq!(body, "order 7");
        if attempt == 1 {
            sleep(10 * DELAY).await;
        }
        Ok::<_, io::Error>(Response::new(Full::<Bytes>::from(body)))
    });
    let layer = HedgeLayer::tonic().after(DELAY);
    let layer = layer.idempotent_methods(["inventory.v1.Inventory/Reserve"]);
    let response = layer.layer(upstream).oneshot(reserve()).await.unwrap();
    assert_eq!(Attempts::of(&response), Attempts(2));
}
