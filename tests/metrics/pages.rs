//! Arbitrary pages of the application and its libraries, read by real parsers.

use battlement::metrics::{Exposition, Format, HttpMetrics, Label, Naming, RouteTemplate};
use battlement_testkit::prometheus::{OpenMetrics, Promtool};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, Version};
use http_body_util::Empty;
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use tower::{Layer, ServiceExt, service_fn};

/// The number of pages of a run, which a real Prometheus scrapes.
pub(crate) const BATCH: usize = 60;

/// Names of metrics and labels: valid ones, clashing ones and invalid ones.
const NAMES: [&str; 24] = [
    "a",
    "ab",
    "a_total",
    "a_total_total",
    "a_bucket",
    "a_sum",
    "a_count",
    "a_created",
    "a_info",
    "a_gsum",
    "b",
    "b:c",
    "up",
    "x_seconds",
    "le",
    "quantile",
    "__name__",
    "__x",
    "0x",
    "\u{e9}",
    "a-b",
    "",
    "http_server_active_requests",
    "battlement_metrics_clashes",
];
const TYPES: [&str; 12] = [
    "counter",
    "counter",
    "gauge",
    "histogram",
    "histogram",
    "gaugehistogram",
    "summary",
    "info",
    "stateset",
    "unknown",
    "untyped",
    "nonsense",
];
const VALUES: [&str; 14] = [
    "0",
    "1",
    "1",
    "2",
    "2.5",
    "-1",
    "NaN",
    "+Inf",
    "-inf",
    "1e400",
    "0x1f",
    "1_0",
    "",
    "18446744073709551616",
];
const BOUNDS: [&str; 9] = ["-1", "0.5", "1", "1.0", "10", "+Inf", "+Inf", "inf", "NaN"];

/// Generates text with dangerous characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,8}",
        "\\PC{0,8}",
        "[\\\\\"n#{}=,\n\r\t ]{0,8}",
        select(vec!["\0", "\u{85}", "\u{2028}", "a\0b", "# EOF", "\n# EOF\n", "\\"])
            .prop_map(ToOwned::to_owned),
    ]
}

fn label() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        text().prop_map(|text| text.replace('\n', " ")),
        select(&BOUNDS[..]).prop_map(ToOwned::to_owned),
        text().prop_map(|text| {
            text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
        }),
    ];
    (select(&NAMES[..]), value).prop_map(|(name, value)| format!("{name}=\"{value}\""))
}

fn labels() -> impl Strategy<Value = String> {
    let some = prop::collection::vec(label(), 1..4);
    prop_oneof![
        3 => Just(String::new()),
        2 => some.prop_map(|labels| format!("{{{}}}", labels.join(","))),
        3 => select(&BOUNDS[..]).prop_map(|bound| format!("{{le=\"{bound}\"}}")),
        1 => select(&BOUNDS[..]).prop_map(|bound| format!("{{quantile=\"{bound}\"}}")),
        1 => Just("{a=\"x\"}".to_owned()),
    ]
}

/// Generates a line of another library's page, valid or not.
fn line() -> impl Strategy<Value = String> {
    let exemplar = prop_oneof![
        8 => Just(String::new()),
        1 => (labels(), select(&VALUES[..])).prop_map(|(labels, value)| format!(" # {labels} {value}")),
        1 => Just(" # {trace_id=\"abc\"} 1 1700000000.5".to_owned()),
    ];
    let exemplar = (select(vec!["", "", "", " 1700000000.5", " 1700000000500", " NaN"]), exemplar)
        .prop_map(|(time, exemplar)| format!("{time}{exemplar}"));
    let sample = (select(&NAMES[..]), labels(), select(&VALUES[..]), exemplar);
    prop_oneof![
        6 => sample.prop_map(|(name, labels, value, exemplar)| format!("{name}{labels} {value}{exemplar}")),
        3 => (select(&NAMES[..]), select(&TYPES[..])).prop_map(|(name, kind)| format!("# TYPE {name} {kind}")),
        1 => (select(&NAMES[..]), text()).prop_map(|(name, help)| format!("# HELP {name} {help}")),
        1 => (select(&NAMES[..]), select(vec!["seconds", "bytes", ""]))
            .prop_map(|(name, unit)| format!("# UNIT {name} {unit}")),
        1 => text(),
        1 => Just("# EOF".to_owned()),
    ]
}

/// Generates a valid metric, to be mixed with lines of others.
fn metric() -> impl Strategy<Value = String> {
    let histogram = (1..4_u32, labels(), any::<bool>()).prop_map(|(count, labels, is_text)| {
        let labels = labels.trim_matches(['{', '}']).to_owned();
        let comma = if labels.is_empty() { "" } else { "," };
        let kind = if is_text { "histogram" } else { "gaugehistogram" };
        let (sum, total) = if is_text { ("sum", "count") } else { ("gsum", "gcount") };
        format!(
            "# TYPE h {kind}\nh_bucket{{{labels}{comma}le=\"1\"}} 0\nh_bucket{{{labels}{comma}le=\"+Inf\"}} {count}\n\
             h_{sum}{{{labels}}} 3\nh_{total}{{{labels}}} {count}"
        )
    });
    let counter =
        labels().prop_map(|labels| format!("# TYPE jobs_total counter\njobs_total{labels} 1"));
    prop_oneof![histogram, counter, line()]
}

fn foreign() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop_oneof![2 => line(), 1 => metric()], 0..16);
    (lines, any::<bool>())
        .prop_map(|(lines, is_open)| lines.join("\n") + if is_open { "\n# EOF\n" } else { "\n" })
}

/// The arbitrary parts of a page: help, labels, routes, clients and foreign pages.
#[derive(Clone, Debug)]
struct Chosen {
    naming: Naming,
    panics: bool,
    texts: Vec<String>,
    pages: Vec<String>,
}

fn chosen() -> impl Strategy<Value = Chosen> {
    use Naming::{AxumPrometheus, ExpressPromBundle, Otel, PromClient, Prometheus};
    let naming = select(vec![Otel, Prometheus, AxumPrometheus, ExpressPromBundle, PromClient]);
    let texts = prop::collection::vec(text(), 6);
    let pages = prop::collection::vec(foreign(), 0..3);
    let panics = prop::bool::weighted(0.05);
    (naming, panics, texts, pages).prop_map(|(naming, panics, texts, pages)| Chosen {
        naming,
        panics,
        texts,
        pages,
    })
}

impl Chosen {
    fn exposition(self) -> Exposition {
        let Self { naming, panics, texts, pages } = self;
        let metrics = HttpMetrics::builder()
            .naming(naming)
            .prefix("shop_")
            .labels([Label::ProtocolVersion])
            .body_sizes(true)
            .known_route(Method::GET, "/{id}")
            .build();
        let route = texts[0].clone();
        let service = service_fn(move |_: Request<Empty<Bytes>>| {
            let mut response = Response::new(Empty::<Bytes>::new());
            response.extensions_mut().insert(RouteTemplate(route.clone().into()));
            std::future::ready(Ok::<_, std::convert::Infallible>(response))
        });
        let layers = (metrics.server_layer(), metrics.client_layer(&texts[1]));
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.version_mut() = Version::HTTP_2;
        drop(layers.layer(service).oneshot(request).now_or_never().unwrap().unwrap());
        let help = Box::leak(texts[2].clone().into_boxed_str());
        let page = Exposition::new()
            .metrics(&metrics)
            .process()
            .build_info([("version", &*texts[3])])
            .gauge("a", help, [("state", &*texts[4])], || f64::NAN)
            .gauge("x_seconds", help, [("b", &*texts[4]), ("a", &*texts[5])], || -1.5)
            .gauge("may_panic", help, [], move || if panics { panic!("in a gauge") } else { 1.0 });
        pages.into_iter().fold(page, |page, foreign| page.open_metrics(move || foreign.clone()))
    }
}

/// Returns `count` pages in both formats, the text format first.
pub(crate) fn shown(count: usize) -> Vec<[String; 2]> {
    let mut runner = TestRunner::deterministic();
    let pages = (0..count).map(|_| {
        let page = chosen().new_tree(&mut runner).unwrap().current().exposition();
        [Format::Text, Format::OpenMetrics].map(|format| page.render(format))
    });
    pages.collect()
}

#[test]
fn promtool_and_a_strict_parser_accept_every_page() {
    let mut runner = TestRunner::new(Config::with_cases(6));
    let batch = prop::collection::vec(chosen(), BATCH);
    let result = runner.run(&batch, |batch| {
        let pages: Vec<Exposition> = batch.into_iter().map(Chosen::exposition).collect();
        let open: Vec<String> = pages.iter().map(|page| page.render(Format::OpenMetrics)).collect();
        let open: Vec<&str> = open.iter().map(String::as_str).collect();
        let read = OpenMetrics::read(&open);
        prop_assert!(read.iter().all(Result::is_ok), "{:?}", read.into_iter().find(Result::is_err));
        // Each page takes a process, so only every sixth is checked.
        for page in pages.iter().step_by(6) {
            let text = page.render(Format::Text);
            let lint = Promtool::check(&text);
            prop_assert!(lint.is_ok(), "{lint:?} in: {text}");
        }
        Ok(())
    });
    result.unwrap();
}
