//! Responses that go on after their head.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use crate::log::{Log, get, send};
use battlement_access_log::AccessLogLayer;
use battlement_core::RequestFacts;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel, Empty, Full};
use tower::{Layer, ServiceExt, service_fn};

type Nothing = Empty<Bytes>;

#[tokio::test(start_paused = true)]
async fn times_count_from_the_start_of_the_request_and_waiting_is_not_busy() {
    let (log, _guard) = Log::start();
    let service = service_fn(async |_: Request<Nothing>| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (mut sender, body) = Channel::<Bytes>::new(1);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            sender.send_data(Bytes::from("late")).await.unwrap();
        });
        Ok::<_, Infallible>(Response::new(body))
    });
    let mut request = get("/");
    let _facts = RequestFacts::of_or_start(&mut request);
    tokio::time::advance(Duration::from_secs(4)).await;
    let response = AccessLogLayer::new().layer(service).oneshot(request).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    let record = log.record();
    let of = |name: &str| record[name].as_f64().unwrap().round();
    assert_eq!((of("first_byte_ms"), of("duration_ms"), of("busy_ms")), (5_000., 7_000., 0.));
}

/// Moves the paused clock within a poll, as work that takes so long does.
fn work(seconds: u64) {
    let advance = pin!(tokio::time::advance(Duration::from_secs(seconds)));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test(start_paused = true)]
async fn work_in_the_call_in_polls_and_in_the_body_is_busy() {
    let (log, _guard) = Log::start();
    let service = service_fn(|_: Request<Nothing>| {
        work(1);
        async {
            work(2);
            tokio::time::sleep(Duration::from_secs(60)).await;
            work(4);
            let body = Full::<Bytes>::from("slow").map_frame(|frame| {
                work(8);
                frame
            });
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    let response = AccessLogLayer::new().layer(service).oneshot(get("/")).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    assert_eq!(log.record()["busy_ms"], 15_000.);
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_is_recorded_at_its_head_and_at_its_end() {
    let (log, _guard) = Log::start();
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let mut answer =
        Some(Response::builder().header("content-type", "text/event-stream").body(body).unwrap());
    let service = service_fn(move |_: Request<Nothing>| {
        std::future::ready(Ok::<_, Infallible>(answer.take().unwrap()))
    });
    let mut response = AccessLogLayer::new().layer(service).oneshot(get("/")).await.unwrap();
    assert_eq!(log.record()["stage"], "head");
    sender.send_data(Bytes::from("data: 1\n\n")).await.unwrap();
    drop(response.body_mut().frame().await.unwrap().unwrap());
    tokio::time::advance(Duration::from_secs(9)).await;
    drop(response);
    let end = log.records().pop().unwrap();
    assert_eq!((&end["stage"], &end["message"]), (&"end".into(), &"stream ended".into()));
    assert_eq!(
        (&end["outcome"], &end["http.response.body.size"]),
        (&"cancelled".into(), &9.into())
    );
    assert_eq!((end["duration_ms"].as_f64(), log.records().len()), (Some(9_000.), 2));
}

#[tokio::test]
async fn an_upgrade_is_recorded_at_its_head_alone() {
    let (log, _guard) = Log::start();
    let upgrade = Response::builder().status(101).body(Empty::<Bytes>::new()).unwrap();
    send(&AccessLogLayer::new(), get("/"), upgrade).await;
    let record = log.record();
    assert_eq!((&record["stage"], &record["outcome"]), (&"head".into(), &"ok".into()));
}
