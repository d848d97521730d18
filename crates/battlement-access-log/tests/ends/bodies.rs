//! Bodies that are dropped or fail.

use std::{convert::Infallible, io};

use crate::log::{Log, get, send};
use battlement_access_log::AccessLogLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel, Empty};
use tower::{Layer, ServiceExt, service_fn};

type Nothing = Empty<Bytes>;

#[tokio::test]
async fn a_body_that_is_not_sent_or_was_sent_whole_is_complete_although_it_is_dropped() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new();
    let open = || Channel::<Bytes>::new(1).1;
    let head = Request::head("/head").body(Empty::new()).unwrap();
    send(&layer, head, Response::new(open())).await;
    for status in [204, 304] {
        send(&layer, get("/"), Response::builder().status(status).body(open()).unwrap()).await;
    }
    assert_eq!(log.outcomes(), ["ok", "ok", "ok"]);

    let (mut sender, body) = Channel::<Bytes>::new(1);
    let answer = Response::builder().header("content-length", "5").body(body).unwrap();
    let mut answer = Some(answer);
    let service = service_fn(move |_: Request<Nothing>| {
        std::future::ready(Ok::<_, Infallible>(answer.take().unwrap()))
    });
    let mut response = layer.layer(service).oneshot(get("/sized")).await.unwrap();
    sender.send_data(Bytes::from("hello")).await.unwrap();
    drop(response.body_mut().frame().await.unwrap().unwrap());
    drop(response);
    let records = log.records();
    assert_eq!(records[3]["outcome"], "ok");
    assert_eq!(records[3]["http.response.body.size"], 5);
}

#[tokio::test]
async fn a_body_that_is_dropped_early_is_cancelled_and_one_that_fails_is_an_error() {
    let (log, _guard) = Log::start();
    send(&AccessLogLayer::new(), get("/"), Response::new(Channel::<Bytes>::new(1).1)).await;

    let failing = service_fn(async |_: Request<Nothing>| {
        let (sender, body) = Channel::<Bytes, io::Error>::new(1);
        sender.abort(io::Error::other("gone"));
        Ok::<_, Infallible>(Response::new(body))
    });
    let response = AccessLogLayer::new().layer(failing).oneshot(get("/")).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(log.outcomes(), ["cancelled", "body_error"]);
    let statuses =
        log.records().into_iter().map(|record| record["http.response.status_code"].clone());
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 200]);
}
