//! Measures metrics layers under concurrency: with a second thread on the same series, and with scrapes of 5,000
//! series during requests that add series. Prints Markdown tables.

mod prometheus_client;

use std::{
    convert::Infallible,
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use axum_prometheus::{EndpointLabel, PrometheusMetricLayerBuilder};
use battlement_benches::{Bare, request};
use battlement_core::RequestFacts;
use battlement_metrics::{Exposition, Format, HttpMetrics};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use opentelemetry_instrumentation_tower::http::server::Layer as OtelLayer;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use tokio::time::Instant;
use tower::{Layer, Service};

use self::prometheus_client::Direct;

const REQUESTS: u32 = 100_000;
const ROUNDS: usize = 15;
const SERIES: usize = 5_000;
const DURATION: Duration = Duration::from_secs(5);

#[tokio::main(worker_threads = 1)]
async fn main() {
    let (axum, handle) = PrometheusMetricLayerBuilder::new()
        .with_endpoint_label_type(EndpointLabel::Exact)
        .with_default_metrics()
        .build_pair();
    let reader = ManualReader::builder().build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider);
    let metrics = HttpMetrics::builder().max_series(50_000).max_routes(8_192).build();
    let ours = metrics.server_layer().layer(Bare);
    let page = Exposition::new().metrics(&metrics);
    let axum = axum.layer(Bare);
    let (direct, registry) = Direct::new();

    println!("| CPU time per request | one thread | two threads | ratio |\n|---|---|---|---|");
    contention("no layer", Bare);
    contention("battlement-metrics", ours.clone());
    contention("prometheus-client by label set", direct.clone());
    contention("axum-prometheus", axum.clone());
    contention("opentelemetry-instrumentation-tower", OtelLayer::new().layer(Bare));

    println!(
        "\n| request time during scrapes of {SERIES} series | p50 | p99 | p99.9 | max | scrapes |\n|---|---|---|---|---|---|"
    );
    scrapes("no layer", Bare, || {});
    scrapes("battlement-metrics", ours, || drop(black_box(page.render(Format::OpenMetrics))));
    let encode = || drop(black_box(prometheus_client::page(&registry)));
    scrapes("prometheus-client by label set", direct, encode);
    scrapes("axum-prometheus", axum, || drop(black_box(handle.render())));
}

/// Compares one thread with two on the same series, in alternation.
fn contention<S, B>(name: &str, service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(threads(1, &service));
        two.push(threads(2, &service));
    }
    let (one, two) = (median(one), median(two));
    println!("| {name} | {one:.0} ns | {two:.0} ns | {:.2} |", two / one);
}

/// Returns the CPU time of this thread in nanoseconds, which excludes other load on the machine.
fn cpu_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(f64::NAN)
}

/// Returns the mean CPU time of a request in nanoseconds while `count` threads send requests.
fn threads<S, B>(count: usize, service: &S) -> f64
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let barrier = Barrier::new(count);
    let run = |mut service: S| {
        barrier.wait();
        let start = cpu_time();
        (0..REQUESTS).for_each(|_| serve(&mut service, routed("/users/{id}")));
        (cpu_time() - start) / f64::from(REQUESTS)
    };
    let run = &run;
    let times: Vec<f64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| service.clone())
            .map(|service| scope.spawn(move || run(service)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).collect()
    });
    times.iter().sum::<f64>() / times.len() as f64
}

/// Times requests of an existing series while another thread scrapes and adds series.
fn scrapes<S, B>(name: &str, service: S, scrape: impl Fn() + Sync)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let mut other = service.clone();
    (0..SERIES).for_each(|n| serve(&mut other, routed(&format!("/{n}"))));
    let is_done = AtomicBool::new(false);
    let (mut times, count) = thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut scrapes = 0;
            while !is_done.load(Relaxed) {
                serve(&mut other, routed(&format!("/new/{scrapes}")));
                scrape();
                scrapes += 1;
            }
            scrapes
        });
        let times = request_times(service);
        is_done.store(true, Relaxed);
        (times, scraper.join().unwrap_or(0))
    });
    times.sort_unstable();
    let at = |quantile: f64| times[((times.len() - 1) as f64 * quantile) as usize] as f64 / 1_000.0;
    println!(
        "| {name} | {:.2} µs | {:.2} µs | {:.2} µs | {:.0} µs | {count} |",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// Returns the time of each request in nanoseconds.
fn request_times<S, B>(mut service: S) -> Vec<u64>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let (start, mut times) = (Instant::now(), Vec::with_capacity(20_000_000));
    while start.elapsed() < DURATION && times.len() < times.capacity() {
        let request = routed("/0");
        let sent = Instant::now();
        serve(&mut service, request);
        times.push(sent.elapsed().as_nanos() as u64);
    }
    times
}

/// Creates a request with facts and a route, whose path is derived from the route.
fn routed(route: &str) -> Request<Full<Bytes>> {
    let mut request = request();
    *request.uri_mut() = Uri::try_from(route.replace(['{', '}'], "_")).unwrap_or_default();
    RequestFacts::of_or_start(&mut request).set_route(route.to_owned());
    request
}

/// Calls the service and reads the response to its end; neither is ever pending here.
fn serve<S, B>(service: &mut S, request: Request<Full<Bytes>>)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let response = service.call(request).now_or_never();
    if let Some(Ok(response)) = response {
        let _ = black_box(response.into_body().collect().now_or_never());
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
