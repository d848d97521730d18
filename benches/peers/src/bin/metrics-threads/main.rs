//! How layers that count requests bear company: a second thread on the same series, and a scrape of 5,000
//! series while requests go on and new series are made. Prints Markdown tables.

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

const REQUESTS: u32 = 100_000;
const ROUNDS: usize = 15;
const SERIES: usize = 5_000;
const WATCHED: Duration = Duration::from_secs(5);

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

    println!(
        "| time on the processor for a request | one thread | two threads | ratio |\n|---|---|---|---|"
    );
    company("no layer", Bare);
    company("battlement-metrics", ours.clone());
    company("axum-prometheus", axum.clone());
    company("opentelemetry-instrumentation-tower", OtelLayer::new().layer(Bare));

    println!(
        "\n| a request during scrapes of {SERIES} series | p50 | p99 | p99.9 | most | scrapes |\n|---|---|---|---|---|---|"
    );
    scraped("no layer", Bare, || {});
    scraped("battlement-metrics", ours, || drop(black_box(page.render(Format::OpenMetrics))));
    scraped("axum-prometheus", axum, || drop(black_box(handle.render())));
}

/// One thread, and two on the same series, in turns.
fn company<S, B>(name: &str, service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(threads(1, &service));
        together.push(threads(2, &service));
    }
    let (alone, together) = (median(alone), median(together));
    println!("| {name} | {alone:.0} ns | {together:.0} ns | {:.2} |", together / alone);
}

/// Nanoseconds that this thread has been on a processor: what else runs on the machine is not in it.
fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(f64::NAN)
}

/// Nanoseconds a request takes while so many threads make them.
fn threads<S, B>(count: usize, service: &S) -> f64
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let barrier = Barrier::new(count);
    let run = |mut service: S| {
        barrier.wait();
        let start = on_cpu();
        (0..REQUESTS).for_each(|_| serve(&mut service, routed("/users/{id}")));
        (on_cpu() - start) / f64::from(REQUESTS)
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

/// Times each request of a series that is there, while another thread scrapes and makes new series.
fn scraped<S, B>(name: &str, service: S, scrape: impl Fn() + Sync)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone + Send,
    B: Body<Data = Bytes>,
{
    let mut maker = service.clone();
    (0..SERIES).for_each(|n| serve(&mut maker, routed(&format!("/{n}"))));
    let is_over = AtomicBool::new(false);
    let (mut times, scrapes) = thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut scrapes = 0;
            while !is_over.load(Relaxed) {
                serve(&mut maker, routed(&format!("/new/{scrapes}")));
                scrape();
                scrapes += 1;
            }
            scrapes
        });
        let times = watch(service);
        is_over.store(true, Relaxed);
        (times, scraper.join().unwrap_or(0))
    });
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1_000.0;
    println!(
        "| {name} | {:.2} µs | {:.2} µs | {:.2} µs | {:.0} µs | {scrapes} |",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// Nanoseconds of each request.
fn watch<S, B>(mut service: S) -> Vec<u64>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let (began, mut times) = (Instant::now(), Vec::with_capacity(20_000_000));
    while began.elapsed() < WATCHED && times.len() < times.capacity() {
        let request = routed("/0");
        let start = Instant::now();
        serve(&mut service, request);
        times.push(start.elapsed().as_nanos() as u64);
    }
    times
}

/// A request whose facts are made already, whose route is known, and whose path is the route.
fn routed(route: &str) -> Request<Full<Bytes>> {
    let mut request = request();
    *request.uri_mut() = Uri::try_from(route.replace(['{', '}'], "_")).unwrap_or_default();
    RequestFacts::of_or_start(&mut request).set_route(route.to_owned());
    request
}

/// Puts `request` through, to the end of its answer. (Nothing here ever waits.)
fn serve<S, B>(service: &mut S, request: Request<Full<Bytes>>)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let answered = service.call(request).now_or_never();
    if let Some(Ok(response)) = answered {
        let _ = black_box(response.into_body().collect().now_or_never());
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
