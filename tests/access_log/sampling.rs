//! Sampling of 100,000 requests over two services, of which one calls the other.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use battlement::{
    access_log::{AccessLogLayer, Sample},
    request_id::{PropagateLayer, RequestIdLayer, RequestSpan},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::{
    log::{JSON, Log, flush},
    page::word,
};

const REQUESTS: u32 = 100_000;
const SLOW: Duration = Duration::from_secs(1);

/// Returns the status and the delay of the service that is called, by the number of the request.
fn script(n: u32) -> (u16, Duration) {
    let status = if n.is_multiple_of(997) { 500 } else { 200 };
    (status, if n.is_multiple_of(1_499) { SLOW } else { Duration::ZERO })
}

fn is_kept(n: u32) -> bool {
    script(n) != (200, Duration::ZERO)
}

/// Returns the layers of a service, and the log that they write.
fn layers() -> (RequestIdLayer, AccessLogLayer, impl Fn() -> BTreeMap<String, u64>) {
    let (log, writer) = Log::writer(JSON);
    let layer = AccessLogLayer::new().sample(Sample::one_in(100)).slow(SLOW).writer(writer.clone());
    // The weight of each record, by the id of its trace.
    let weights = move || {
        flush(&writer);
        let weight = |line: &serde_json::Value| line["sample_weight"].as_u64().unwrap_or(1);
        let lines = log.lines();
        let weights: BTreeMap<_, _> =
            lines.iter().map(|line| (word(line, "trace_id").to_owned(), weight(line))).collect();
        assert_eq!(weights.len(), lines.len(), "a request has more than one record");
        weights
    };
    (RequestIdLayer::new().span(RequestSpan::Off), layer, weights)
}

/// Answers the call of the other service.
async fn stock(request: Request<Empty<Bytes>>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (status, delay) = script(request.uri().path()[1..].parse().unwrap());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    Ok(Response::builder().status(status).body(Empty::new()).unwrap())
}

/// Returns the id of the trace of the `n`th request. Ids that count are the least random ones.
fn trace(n: u32) -> String {
    format!("{:032x}", n + 1)
}

#[tokio::test(start_paused = true)]
async fn each_error_and_each_slow_request_is_kept_and_each_trace_is_whole_or_absent() {
    let (ids, log, stock_weights) = layers();
    let stock = ServiceBuilder::new()
        .layer(PropagateLayer::new())
        .layer(ids)
        .layer(log)
        .service(service_fn(stock));
    let (ids, log, shop_weights) = layers();
    let mut shop = (ids, log).layer(service_fn(move |request: Request<Empty<Bytes>>| {
        let call = Request::get(request.uri().path()).body(Empty::new()).unwrap();
        let answer = stock.clone().oneshot(call);
        async move {
            let status = answer.await?.status();
            Ok::<_, Infallible>(
                Response::builder().status(status).body(Empty::<Bytes>::new()).unwrap(),
            )
        }
    }));
    for n in 0..REQUESTS {
        let request = Request::get(format!("/{n}"))
            .header("traceparent", format!("00-{}-b7ad6b7169203331-00", trace(n)));
        drop(shop.call(request.body(Empty::new()).unwrap()).await.unwrap());
    }
    let (shop, stock) = (shop_weights(), stock_weights());
    assert_eq!(shop, stock);
    for n in (0..REQUESTS).filter(|n| is_kept(*n)) {
        assert_eq!(shop.get(&trace(n)), Some(&1), "request {n}");
    }
    let sum: u64 = shop.values().sum();
    println!("{} of {REQUESTS} requests recorded, whose weights add up to {sum}", shop.len());
    assert!((90_000..=110_000).contains(&sum), "{sum}");
    assert!(shop.len() < 1_500, "{}", shop.len());
}
