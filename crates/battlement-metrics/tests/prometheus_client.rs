//! Beside, and inside, a registry of prometheus-client.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{collections::BTreeMap, sync::Arc};

use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::{
    probe::{Probe, ProbeBody},
    prometheus::{OpenMetrics, Promtool},
};
use http::Request;
use prometheus_client::{
    collector::Collector,
    encoding::text::encode,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tower::{Layer, ServiceExt};

use self::page::accepted;

async fn served() -> HttpMetrics {
    let metrics = HttpMetrics::new();
    let request = Request::new(ProbeBody::empty());
    drop(metrics.server_layer().layer(Probe::new()).oneshot(request).await.unwrap());
    metrics
}

#[tokio::test]
async fn a_registry_stands_on_the_same_page_in_both_formats() {
    let jobs = Counter::<u64>::default();
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", jobs.clone());
    jobs.inc_by(3);
    let page = Exposition::new().metrics(&served().await).registry(Arc::new(registry));
    let [text, open] = accepted(&page);
    assert!(open.contains("# TYPE jobs counter\njobs_total 3\n"), "{open}");
    assert_eq!(open.matches("# EOF").count(), 1);
    assert!(text.contains("# TYPE jobs_total counter\njobs_total 3\n"), "{text}");
}

fn registry(collector: impl Collector) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    registry
}

fn encoded(registry: &Registry) -> String {
    let mut page = String::new();
    encode(&mut page, registry).unwrap();
    page
}

#[tokio::test]
async fn http_metrics_alone_can_be_registered() {
    let registry = registry(served().await);
    let page = encoded(&registry);
    assert!(page.contains("# TYPE http_server_request_duration_seconds histogram\n"), "{page}");
    assert!(page.contains("le=\"+Inf\",http_request_method=\"GET\""), "{page}");
    assert!(page.contains("http_server_active_requests{"), "{page}");
    assert!(!page.contains("battlement_metrics_clashes"), "{page}");
}

/// Returns a page with the metrics of every source of this crate.
async fn whole() -> Exposition {
    let metrics = served().await;
    let request = Request::post("/pkg.Echo/Say").header("content-type", "application/grpc");
    let request = request.body(ProbeBody::empty()).unwrap();
    drop(metrics.grpc_layer().layer(Probe::new()).oneshot(request).await.unwrap());
    let call = Request::new(ProbeBody::empty());
    drop(metrics.client_layer("shop").layer(Probe::new()).oneshot(call).await.unwrap());
    let page = Exposition::new()
        .metrics(&metrics)
        .process()
        .runtime(&tokio::runtime::Handle::current())
        .build_info([("version", "1.2.3")])
        .gauge("pool_connections", "Connections of the pool.", [], || 0.5);
    #[cfg(feature = "rate-limit")]
    let page = {
        use battlement_rate_limit::{Key, Policy, RateLimitLayer};
        let limits = battlement_metrics::rate_limit::RateLimitMetrics::new();
        let layer = RateLimitLayer::new([Policy::per_hour("orders", 3)], Key::global());
        let (_, handle) = layer.observe(limits.clone()).pair();
        limits.watch("shop", &handle);
        page.rate_limit(&limits)
    };
    #[cfg(feature = "rate-limit-redis")]
    let page = page.rate_limit_redis(&battlement_metrics::rate_limit::RedisMetrics::new());
    page
}

/// A page of another library with every type that prometheus-client has as well.
const FOREIGN: &str = "\
# TYPE jobs counter
# HELP jobs Jobs \\\"done\\\".
jobs_total{queue=\"a\"} 3
jobs_created{queue=\"a\"} 1700000000
# TYPE depth gauge
depth 2.5
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le=\"0.5\"} 1
wait_seconds_bucket{le=\"10.0\"} 4
wait_seconds_bucket{le=\"+Inf\"} 6
wait_seconds_sum 42.5
wait_seconds_count 6
# TYPE release info
release_info{name=\"orchid\"} 1
# TYPE state stateset
state{state=\"on\"} 1
state{state=\"off\"} 0
# EOF
";

/// A help text that has to be escaped.
const ODD: &str = "The \"odd\" one\nin C:\\new.";

/// Types of a page that prometheus-client does not have.
const UNKNOWN: &str = "\
# TYPE late_seconds summary
late_seconds{quantile=\"0.9\"} 2
late_seconds_sum 7
late_seconds_count 5
# TYPE ages gaugehistogram
ages_bucket{le=\"+Inf\"} 3
ages_gsum 9
ages_gcount 3
# TYPE bare unknown
bare 8
# TYPE odd histogram
odd_bucket{le=\"+Inf\"} 3
# EOF
";

/// Returns the samples of a page in OpenMetrics, with sorted labels, without exemplars and creation times.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#') && !line.contains("_created"));
    let sample = |line: &str| {
        let line = line.split(" # ").next()?;
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let mut labels: Vec<&str> = labels.strip_suffix('}')?.split(',').collect();
        labels.sort_unstable();
        Some((format!("{name}{{{}}}", labels.join(",")), value.parse().ok()?))
    };
    lines.map(|line| sample(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[tokio::test]
async fn every_metric_of_a_page_can_be_registered() {
    let own = registry(whole().await);
    let lint = Promtool::check(&encoded(&own));
    assert!(lint.is_ok(), "{lint:?} in: {}", encoded(&own));

    let page = whole().await.open_metrics(|| FOREIGN.to_owned());
    let mut registry = registry(page.clone());
    registry.register("orders", "Orders", Counter::<u64>::default());
    let registered = encoded(&registry);
    let read = OpenMetrics::read(&[&registered, &page.render(Format::OpenMetrics)]);
    let [Ok(types), Ok(own)] = &read[..] else { panic!("{read:?}") };
    for metric in own.lines().filter(|line| *line != "state stateset") {
        assert!(types.lines().any(|line| line == metric), "{metric} is missing in: {types}");
    }

    let mut expected = samples(&page.render(Format::OpenMetrics));
    expected.insert("orders_total{}".to_owned(), 0.0);
    let registered = samples(&registered);
    assert!(expected.keys().eq(registered.keys()), "{expected:#?} {registered:#?}");
    for metric in ["http_", "rpc_", "jobs_", "depth", "wait_", "release_", "state", "battlement_"] {
        let of = |all: &BTreeMap<String, f64>| {
            all.clone().into_iter().filter(|(name, _)| name.starts_with(metric)).collect::<Vec<_>>()
        };
        assert!(!of(&expected).is_empty(), "{metric}");
        assert_eq!(of(&expected), of(&registered));
    }
}

#[tokio::test]
async fn a_registry_with_a_page_in_it_is_shown_on_another_page() {
    let registry =
        registry(whole().await.open_metrics(|| FOREIGN.to_owned()).gauge("odd", ODD, [], || 1.0));
    let page = Exposition::new().registry(Arc::new(registry));
    let [text, open] = accepted(&page);
    for (text_line, open_line) in [
        ("jobs_total{queue=\"a\"} 3.0\n", "jobs_total{queue=\"a\"} 3.0\n"),
        ("# TYPE wait_seconds histogram\n", "# UNIT wait_seconds seconds\n"),
        (
            "# HELP odd The \"odd\" one\\nin C:\\\\new.\n",
            "# HELP odd The \\\"odd\\\" one\\nin C:\\\\new.\n",
        ),
    ] {
        assert!(text.contains(text_line), "{text_line} is missing in: {text}");
        assert!(open.contains(open_line), "{open_line} is missing in: {open}");
    }
}

#[tokio::test]
async fn metrics_of_types_that_prometheus_client_lacks_are_registered_as_unknown() {
    let page = Exposition::new().open_metrics(|| UNKNOWN.to_owned());
    let registry = registry(page.clone());
    let registered = encoded(&registry);
    let read = OpenMetrics::read(&[&registered]);
    assert!(read[0].is_ok(), "{read:?}");
    assert!(registered.contains("# TYPE late_seconds_sum unknown\n"), "{registered}");
    assert_eq!(samples(&page.render(Format::OpenMetrics)), samples(&registered));
    accepted(&Exposition::new().registry(Arc::new(registry)));
}

#[tokio::test]
async fn hostile_names_in_a_registry_do_not_break_the_page() {
    let odd = Family::<Vec<(String, String)>, Counter>::default();
    for value in ["a\"b\\c\nd 1\n", "\0", "}", "# EOF"] {
        odd.get_or_create(&vec![("q".to_owned(), value.to_owned())]).inc();
    }
    let mut registry = Registry::default();
    registry.register("odd", "Odd \"help\" of C:\\new", odd);
    registry.register("jobs_total", "Jobs", Counter::<u64>::default());
    registry.register("http_server_active_requests", "Taken", Counter::<u64>::default());
    registry.register("not a name", "No name", Counter::<u64>::default());
    let page = Exposition::new().metrics(&served().await).registry(Arc::new(registry));
    for page in accepted(&page) {
        assert!(page.contains("odd_total{q=\"a\\\"b\\\\c\\nd 1\\n\"} 1\n"), "{page}");
        assert!(page.contains("jobs_total_total 0\n"), "{page}");
        assert!(page.contains("battlement_metrics_clashes 1\n"), "{page}");
        assert!(!page.contains("not a name"), "{page}");
    }
}

#[tokio::test]
async fn hostile_labels_of_ours_do_not_break_a_registry() {
    let metrics = HttpMetrics::new();
    let layer = metrics.client_layer("a\"b\\c\nd\0e");
    let request = Request::new(ProbeBody::empty());
    drop(layer.layer(Probe::new()).oneshot(request).await.unwrap());
    let registry = registry(metrics);
    let read = OpenMetrics::read(&[&encoded(&registry)]);
    assert!(read[0].is_ok(), "{read:?}");
}
