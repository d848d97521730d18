use battlement_testkit::prometheus::{OpenMetrics, Promtool};

use super::*;
use crate::exposition::Format;

/// A page in both formats, and the reasons for everything left out of it.
type Copied = (String, String, Vec<&'static str>);

fn copied(page: &str) -> Copied {
    all_copied([page]).remove(0)
}

/// Returns the copies of `pages`, after Prometheus' parsers have accepted both formats of each.
fn all_copied<'a>(pages: impl IntoIterator<Item = &'a str>) -> Vec<Copied> {
    let copied: Vec<Copied> = pages.into_iter().map(unchecked).collect();
    for (text, ..) in &copied {
        let lint = Promtool::check(text);
        assert!(lint.is_ok(), "{lint:?} in: {text}");
    }
    let open: Vec<String> = copied.iter().map(|(_, open, _)| format!("{open}# EOF\n")).collect();
    let open: Vec<&str> = open.iter().map(String::as_str).collect();
    let rejected: Vec<_> = OpenMetrics::read(&open).into_iter().filter(Result::is_err).collect();
    assert!(rejected.is_empty(), "{rejected:#?}");
    copied
}

fn unchecked(page: &str) -> Copied {
    let [(text, left_out), (open, _)] = [Format::Text, Format::OpenMetrics].map(|format| {
        let (mut families, mut out) = (Families::default(), String::new());
        read(page, &mut families).iter().for_each(|metric| metric.write(&mut out, format));
        let clashes = families.left_out.clashes.iter().map(|_| "clash");
        let invalid = families.left_out.invalid.iter().map(|(_, reason)| *reason);
        (out, clashes.chain(invalid).collect())
    });
    (text, open, left_out)
}

const PAGE: &str = "# HELP jobs Jobs done.\n# TYPE jobs counter\njobs_total{q=\"a # \\\"b\"} 3 # {trace_id=\"x\"} 1\n\
                    # HELP build Build.\n# TYPE build info\nbuild_info{v=\"1\"} 1\n# TYPE t_seconds gauge\n\
                    # UNIT t_seconds seconds\nt_seconds 2\n# EOF\n";

#[test]
fn a_page_in_openmetrics_is_the_same_page_but_for_its_end() {
    assert_eq!(copied(PAGE).1, PAGE.replace("# EOF\n", ""));
}

#[test]
fn for_the_older_format_names_types_and_exemplars_are_converted() {
    assert_eq!(
        copied(PAGE).0,
        "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{q=\"a # \\\"b\"} 3\n\
         # HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n\
         # TYPE t_seconds gauge\nt_seconds 2\n"
    );
}

#[test]
fn quotes_in_a_help_are_escaped_as_the_format_wants_them() {
    let page = "# HELP jobs The \\\"real\\\" jobs\\n\\\\ \n# TYPE jobs gauge\njobs 1\n# EOF\n";
    let (text, open, left_out) = copied(page);
    assert!(text.starts_with("# HELP jobs The \"real\" jobs\\n\\\\\n"), "{text}");
    assert!(open.starts_with("# HELP jobs The \\\"real\\\" jobs\\n\\\\\n"), "{open}");
    assert!(left_out.is_empty());
}

#[test]
fn a_sample_that_nothing_describes_is_a_metric_of_its_own() {
    let (text, open, left_out) = copied("up 1\n# TYPE a gauge\na 2\nab 3\n# EOF\n");
    assert_eq!(open, "# TYPE a gauge\na 2\n# TYPE up unknown\nup 1\n# TYPE ab unknown\nab 3\n");
    assert_eq!(text, "# TYPE a gauge\na 2\n# TYPE up untyped\nup 1\n# TYPE ab untyped\nab 3\n");
    assert!(left_out.is_empty());
}

#[test]
fn a_page_in_the_older_format_keeps_the_names_of_its_samples_in_both() {
    // The form that metrics-exporter-prometheus writes.
    let page = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{q=\"a\"} 3\n\n\
                # TYPE took_seconds histogram\ntook_seconds_bucket{le=\"0.5\"} 1\n\
                took_seconds_bucket{le=\"10\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 2\n\
                took_seconds_sum 1.5\ntook_seconds_count 2\n\n\
                # TYPE lag summary\nlag{quantile=\"0.5\"} 1\nlag_sum 1\nlag_count 1\n\n\
                # TYPE old counter\nold 4\n\n# TYPE free untyped\nfree 5\n";
    let (text, open, left_out) = copied(page);
    assert_eq!(text, page.replace("\n\n", "\n"));
    let expected = page
        .replace("\n\n", "\n")
        .replace("HELP jobs_total", "HELP jobs")
        .replace("TYPE jobs_total", "TYPE jobs")
        .replace("old counter", "old unknown")
        .replace("untyped", "unknown");
    assert_eq!(open, expected);
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn a_counter_of_a_registry_that_is_called_total_keeps_its_sample() {
    let (text, open, _) = copied("# TYPE jobs_total counter\njobs_total_total 3\n# EOF\n");
    assert_eq!(text, "# TYPE jobs_total_total counter\njobs_total_total 3\n");
    assert_eq!(open, "# TYPE jobs_total counter\njobs_total_total 3\n");
}

#[test]
fn times_are_converted_and_when_a_series_began_is_not_in_the_older_format() {
    let (text, open, _) = copied(
        "# TYPE jobs counter\njobs_total 3 1700000000.5\njobs_created 1 1700000000.5\n# EOF\n",
    );
    assert_eq!(text, "# TYPE jobs_total counter\njobs_total 3 1700000000500\n");
    assert_eq!(
        open,
        "# TYPE jobs counter\njobs_total 3 1700000000.500\njobs_created 1 1700000000.500\n"
    );
    let (text, open, _) = copied("# TYPE t gauge\nt 3 1700000000500\n");
    assert_eq!(
        (text, open),
        (
            "# TYPE t gauge\nt 3 1700000000500\n".to_owned(),
            "# TYPE t gauge\nt 3 1700000000.500\n".to_owned(),
        )
    );
}

#[test]
fn histograms_of_gauges_and_state_sets_are_written_as_each_format_can() {
    let page = "# TYPE load gaugehistogram\nload_bucket{le=\"1.0\"} 1\nload_bucket{le=\"+Inf\"} 2\n\
                load_gsum 3\nload_gcount 2\n# TYPE door stateset\ndoor{door=\"open\"} 1\n\
                door{door=\"shut\"} 0\n# EOF\n";
    let (text, open, left_out) = copied(page);
    assert_eq!(open, page.replace("# EOF\n", ""));
    assert_eq!(
        text,
        "# TYPE load_bucket untyped\nload_bucket{le=\"1.0\"} 1\nload_bucket{le=\"+Inf\"} 2\n\
         # TYPE load_gsum untyped\nload_gsum 3\n# TYPE load_gcount untyped\nload_gcount 2\n\
         # TYPE door gauge\ndoor{door=\"open\"} 1\ndoor{door=\"shut\"} 0\n"
    );
    assert!(left_out.is_empty());
}

#[test]
fn samples_that_are_out_of_order_are_put_in_order() {
    let page = "h_count{a=\"x\"} 2\nh_bucket{le=\"+Inf\",a=\"x\"} 2\nh_bucket{a=\"y\",le=\"inf\"} 0\n\
                h_sum{a=\"x\"} 1\nh_bucket{a=\"x\",le=\"5\"} 1\n# TYPE h histogram\n";
    assert_eq!(
        copied(page).1,
        "# TYPE h histogram\nh_bucket{a=\"x\",le=\"5\"} 1\nh_bucket{a=\"x\",le=\"+Inf\"} 2\n\
         h_sum{a=\"x\"} 1\nh_count{a=\"x\"} 2\nh_bucket{a=\"y\",le=\"+Inf\"} 0\n"
    );
}

/// Pages, and the reason for which a part of each is left out.
const LEFT_OUT: [(&str, &str); 41] = [
    ("no value\n", "the value is not a number"),
    ("x{a=\"1\",a=\"2\"} 1\n", "a label is given twice"),
    ("x{__name__=\"y\"} 1\n", "the name of a label is invalid or reserved"),
    ("x{0=\"y\"} 1\n", "the name of a label is invalid or reserved"),
    ("{\"x\"} 1\n", "the name of the metric is invalid"),
    ("x{a=\"open} 1\n", "a value has no closing quote"),
    ("x{a=\"b\"c=\"d\"} 1\n", "a comma is missing between labels"),
    ("x{a=b} 1\n", "a value has no quotes"),
    ("x{a} 1\n", "a label has no value"),
    ("x 1 soon\n", "the time is not a number"),
    ("x 1 2 3\n", "the line has more than a value and a time"),
    ("x 1\n# EOF\ny 1\n", "the line follows the end of the page"),
    ("# TYPE 0 gauge\n", "the line describes a metric whose name is invalid"),
    ("x 1\nx 2\n", "a series is duplicate"),
    ("x{a=\"\"} 1\nx 2\n", "a series is duplicate"),
    ("x{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 2\n", "a series is duplicate"),
    ("# TYPE x histogram\nx 1\n", "a metric of its type has no such sample"),
    ("# TYPE x counter\nx_total -1\n# EOF\n", "the value of a counter is negative or not a number"),
    (
        "# TYPE x counter\nx_total NaN\n# EOF\n",
        "the value of a counter is negative or not a number",
    ),
    ("# TYPE x counter\nx 1\nx_total 1\n", "a sample of the counter does not end with _total"),
    ("# TYPE h histogram\nh_bucket{le=\"1\"} 1\n", "a histogram has no bucket for +Inf"),
    ("# TYPE h histogram\nh_bucket 1\n", "a bucket has no bound"),
    ("# TYPE h histogram\nh_bucket{le=\"NaN\"} 1\n", "a bucket has no bound"),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n",
        "the buckets of a histogram are not cumulative",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_bucket{le=\"+Inf\"} 1\n",
        "the value of a bucket is not a whole number",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\n",
        "a histogram has two buckets with the same bound",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        "the count of a histogram differs from that of its last bucket",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum NaN\nh_count 1\n",
        "the sum of a histogram is negative or not a number",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"-1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum -2\nh_count 1\n",
        "the sum of a histogram is negative or not a number",
    ),
    ("# TYPE s summary\ns 1\n", "a summary has a sample without a quantile"),
    ("# TYPE s summary\ns{quantile=\"2\"} 1\n", "a quantile is not between 0 and 1"),
    ("# TYPE s summary\ns{quantile=\"0.5\"} -1\n", "the value of a quantile is negative"),
    ("# TYPE s summary\ns_count 1.5\n", "the count of a summary is not a whole number"),
    ("# TYPE s summary\ns_sum -1\n", "the sum of a summary is negative or not a number"),
    ("# TYPE i info\ni_info 2\n# EOF\n", "the value of an info is not 1"),
    (
        "# TYPE d stateset\nd 1\n# EOF\n",
        "a state has no label with the name of its metric, or its value is neither 0 nor 1",
    ),
    ("# TYPE x gauge\n# UNIT x seconds\nx 1\n# EOF\n", "the name does not end with the unit"),
    (
        "# TYPE x gauge\nx 1 # {a=\"b\"} 1\n# EOF\n",
        "an exemplar is too long, or does not belong to a counter or a bucket",
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1 5\nh_count 1 5\n",
        "the samples of one group have different times",
    ),
    (
        "# TYPE a gauge\na_total 1\na 1\n# TYPE a counter\n# TYPE a_total gauge\na_total 2\n",
        "a series is duplicate",
    ),
    ("# TYPE a counter\na_total 1\n# TYPE a_created gauge\na_created 2\n# EOF\n", "clash"),
];

#[test]
fn invalid_metrics_are_left_out_with_the_reason() {
    let copied = all_copied(LEFT_OUT.map(|(page, _)| page));
    for ((page, reason), (_, _, left_out)) in LEFT_OUT.into_iter().zip(copied) {
        assert_eq!(left_out, [reason], "{page}");
    }
    let long = "b".repeat(128);
    let page = format!("# TYPE x counter\nx_total 1 # {{a=\"{long}\"}} 1\n# EOF\n");
    let (_, _, left_out) = self::copied(&page);
    assert_eq!(left_out, ["an exemplar is too long, or does not belong to a counter or a bucket"]);
}

#[test]
fn values_of_labels_keep_every_character_but_nul() {
    let page = "x{a=\"\\\\\\\"\\n\\t}, b=\r\u{85}\u{2028}é\"} 1\n";
    let (text, open, left_out) = copied(page);
    let written = page.replace("\\t", "\\\\t");
    assert_eq!(text, format!("# TYPE x untyped\n{written}"));
    assert_eq!(open, format!("# TYPE x unknown\n{written}"));
    assert!(left_out.is_empty());
    assert!(copied("x{a=\"\0\"} 1\n").0.contains("a=\"\u{fffd}\""));
}

#[test]
fn a_line_that_describes_nothing_is_left_out() {
    assert_eq!(
        copied("# nonsense\n\n#\n# HELP x Only help.\n# TYPE y gauge\n"),
        Default::default()
    );
}
