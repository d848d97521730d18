//! Filters, levels and sampling.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::log::{Log, get, hello, send};
use battlement_access_log::{AccessLogLayer, Level, Levels, Observe, Outcome, Sample, Skip};
use battlement_core::{Ids, RequestFacts, RequestId};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

pub(crate) fn status(status: u16) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_filter_that_takes_no_record_leaves_the_request_alone() {
    let (log, _guard) = Log::of(Level::ERROR);
    send(&AccessLogLayer::new(), get("/"), status(200)).await;
    assert!(log.records().is_empty());
    drop((log, _guard));
    let service = service_fn(async |request: Request<Empty<Bytes>>| {
        assert!(RequestFacts::of(&request).is_none(), "nothing was done for a record");
        Ok::<_, std::convert::Infallible>(status(500))
    });
    let _off = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
    drop(AccessLogLayer::new().layer(service).oneshot(get("/")).await.unwrap());
    let disabled = AccessLogLayer::new().enabled(false);
    drop(disabled.layer(service).oneshot(get("/")).await.unwrap());
}

#[tokio::test]
async fn levels_are_configurable_and_filtered() {
    let (log, _guard) = Log::of(Level::WARN);
    let layer = AccessLogLayer::new().levels(Levels::new().client_error(Level::WARN));
    for code in [200, 404, 500] {
        send(&layer, get("/"), status(code)).await;
    }
    assert_eq!(log.outcomes(), ["client_error", "500"]);
    assert_eq!(log.records()[0]["level"], "WARN");
}

#[tokio::test]
async fn the_line_of_a_received_request_passes_the_same_filter() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new().received(true).skip(Skip::paths(["/livez"]));
    send(&layer, get("/livez"), status(200)).await;
    assert!(log.records().is_empty());
    send(&layer, get("/livez"), status(503)).await;
    assert_eq!(log.outcomes(), ["503"], "the status was not known when the probe was received");
    send(&layer, get("/orders"), status(200)).await;
    let [_, received, completed] = log.records().try_into().unwrap();
    assert_eq!(
        (&received["stage"], &received["message"]),
        (&"received".into(), &"request received".into())
    );
    assert!(
        received.get("http.response.status_code").is_none() && completed.get("stage").is_none()
    );
}

#[derive(Clone, Default)]
struct Counts(Arc<[AtomicU64; 2]>);

impl Observe for Counts {
    fn recorded(&self, outcome: Outcome) {
        assert_ne!(outcome.word(), "");
        self.0[0].fetch_add(1, Relaxed);
    }

    fn sampled_out(&self) {
        self.0[1].fetch_add(1, Relaxed);
    }
}

#[tokio::test]
async fn sampling_keeps_failures_and_reports_the_records_it_leaves_out() {
    let (log, _guard) = Log::start();
    let counts = Counts::default();
    let layer = AccessLogLayer::new().sample(Sample::one_in(u32::MAX)).observe(counts.clone());
    let identified = || {
        let mut request = get("/");
        let ids = Ids::new("an-id".parse::<RequestId>().unwrap());
        request.extensions_mut().insert(RequestFacts::identified(Instant::now(), ids));
        request
    };
    send(&layer, identified(), status(200)).await;
    send(&layer, identified(), status(500)).await;
    assert_eq!(log.outcomes(), ["500"]);
    assert_eq!([0, 1].map(|at: usize| counts.0[at].load(Relaxed)), [1, 1]);
}

#[tokio::test]
async fn records_of_requests_and_calls_without_ids_have_the_weight_1() {
    let (log, _guard) = Log::start();
    for sample in [Sample::one_in(100), Sample::sampled_traces(100)] {
        send(&AccessLogLayer::new().sample(sample).received(true), get("/"), status(200)).await;
        let client = AccessLogLayer::client("shop").sample(sample);
        drop(client.layer(hello()).oneshot(get("/")).await.unwrap());
    }
    let records = log.records();
    let stages: Vec<_> = records.iter().map(|record| record["stage"].as_str()).collect();
    assert_eq!(stages, [Some("received"), None, None].repeat(2));
    assert!(records.iter().all(|record| record.get("sample_weight").is_none()), "{records:?}");
}
