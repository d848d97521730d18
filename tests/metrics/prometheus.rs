//! The page, read by Prometheus itself, by its checker, and by a strict parser.

use std::{
    net::{SocketAddr, TcpListener},
    process::Command,
    time::Duration,
};

use battlement::metrics::{Exposition, Format, HttpMetrics};
use battlement::request_id::RequestIdLayer;
use battlement_testkit::{
    client::Http1,
    process::Process,
    prometheus::{OpenMetrics, Promtool},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tower::{BoxError, Layer, service_fn};

use crate::pages::{BATCH, shown};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Returns a page with every source, after a sampled request.
async fn page() -> Exposition {
    let metrics = HttpMetrics::builder().time_to_first_byte(true).body_sizes(true).build();
    let answer =
        async |_: Request<Incoming>| Ok::<_, BoxError>(Response::new(Empty::<Bytes>::new()));
    let layers = (RequestIdLayer::new(), metrics.server_layer(), metrics.client_layer("self"));
    let service = layers.layer(service_fn(answer));
    let server = Server::hyper(Protocol::Http1, move |_| service.clone()).await.unwrap();
    let request = Request::get("/").header("traceparent", TRACEPARENT).body(Empty::<Bytes>::new());
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let response = client.send(request.unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
    crate::page::settled(&metrics, 2, "server and client").await;
    Exposition::new().metrics(&metrics).gauge(
        "pool_connections",
        "Connections of a pool.",
        [],
        || 3.0,
    )
}

#[tokio::test]
async fn promtool_accepts_the_text_format() {
    assert_eq!(Promtool::check(&page().await.render(Format::Text)).as_deref(), Ok(""));
}

#[tokio::test]
async fn a_strict_parser_reads_openmetrics() {
    let read = OpenMetrics::read(&[&page().await.render(Format::OpenMetrics)]).remove(0).unwrap();
    for metric in [
        "http_server_request_duration_seconds histogram",
        "http_server_active_requests gauge",
        "http_client_request_duration_seconds histogram",
        "battlement_metrics_overflow counter",
        "pool_connections gauge",
    ] {
        assert!(read.contains(metric), "{metric} is missing in: {read}");
    }
}

/// A Prometheus that scrapes paths of one address. Dropping the value ends the process.
struct Prometheus {
    process: Process,
    addr: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    fn scraping(target: SocketAddr, paths: impl IntoIterator<Item = String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let mut text =
            "global:\n  scrape_interval: 3s\n  scrape_timeout: 3s\nscrape_configs:\n".to_owned();
        for path in paths {
            text += &format!(
                "- job_name: '{path}'\n  metrics_path: '{path}'\n  static_configs:\n  - targets: ['{target}']\n"
            );
        }
        std::fs::write(&config, text).unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={addr}"))
            .args(["--enable-feature=exemplar-storage", "--log.level=warn"]);
        let process =
            Process::start(&mut command).expect("prometheus is missing: apt install prometheus");
        Self { process, addr, _folder: folder }
    }

    /// Returns the warnings so far.
    fn log(&self) -> String {
        self.process.log()
    }

    async fn ask(&self, path: &str) -> Option<Value> {
        let mut client = Http1::connect(self.addr).await.ok()?;
        let answer = client.get(path).await.ok()?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// Repeats a query until the response is as wanted.
    async fn until(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        for _ in 0..300 {
            last = self.ask(path).await;
            if let Some(wanted) = last.take_if(|answer| is_wanted(answer)) {
                return wanted;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path}: {last:#?}");
    }
}

#[tokio::test]
async fn prometheus_scrapes_the_page_with_its_types_and_exemplars() {
    let page = page().await;
    let server = Server::http1(page).await.unwrap();
    let prometheus = Prometheus::scraping(server.addr(), ["/metrics".to_owned()]);
    prometheus.until("/api/v1/query?query=up", |answer| sample(answer) == Some("1")).await;
    let count = "/api/v1/query?query=http_server_request_duration_seconds_count";
    prometheus.until(count, |answer| sample(answer) == Some("1")).await;
    let types = "/api/v1/metadata?metric=http_server_request_duration_seconds";
    let kind = "/data/http_server_request_duration_seconds/0/type";
    prometheus.until(types, |answer| answer.pointer(kind) == Some(&"histogram".into())).await;
    let exemplars = "/api/v1/query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=9999999999";
    prometheus
        .until(exemplars, |answer| answer.to_string().contains("4bf92f3577b34da6a3ce929d0e0e4736"))
        .await;
}

#[tokio::test]
async fn prometheus_accepts_every_page_in_both_formats() {
    let pages: Vec<[String; 2]> = shown(BATCH);
    let paths =
        (0..pages.len()).flat_map(|nth| ["text", "open"].map(|kind| format!("/{kind}/{nth}")));
    let paths: Vec<String> = paths.collect();
    let expected = paths.len();
    let answer = move |request: Request<Incoming>| {
        let (kind, nth) = request.uri().path()[1..].split_once('/').unwrap();
        let format = if kind == "text" { Format::Text } else { Format::OpenMetrics };
        let page = pages[nth.parse::<usize>().unwrap()][usize::from(kind == "open")].clone();
        let response = Response::builder().header("content-type", format.content_type());
        let response = response.body(Full::<Bytes>::from(page)).unwrap();
        std::future::ready(Ok::<_, BoxError>(response))
    };
    let service = service_fn(answer);
    let server = Server::hyper(Protocol::Http1, move |_| service.clone()).await.unwrap();
    let prometheus = Prometheus::scraping(server.addr(), paths);
    let targets = |answer: &Value| answer.pointer("/data/activeTargets")?.as_array().cloned();
    // A busy machine responds late, so the query is repeated.
    let is_settled = |target: &Value| {
        let error = target["lastError"].as_str().unwrap_or_default();
        target["health"] == "up" || !(error.is_empty() || error.contains("deadline exceeded"))
    };
    let all_settled = |answer: &Value| {
        let targets = targets(answer).unwrap_or_default();
        targets.len() == expected && targets.iter().all(is_settled)
    };
    let answer = prometheus.until("/api/v1/targets", all_settled).await;
    let errors = targets(&answer).unwrap().into_iter().filter(|target| target["health"] != "up");
    let errors: Vec<_> = errors.map(|target| target["lastError"].clone()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let log = prometheus.log();
    assert!(!log.contains("different value but same timestamp"), "{log}");
}

fn sample(answer: &Value) -> Option<&str> {
    answer.pointer("/data/result/0/value/1")?.as_str()
}
