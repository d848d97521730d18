//! Settings that are rejected when they are built.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{panic::catch_unwind, time::Duration};

use battlement_metrics::{HttpMetrics, HttpMetricsBuilder};
use http::Method;

fn mistakes(builder: HttpMetricsBuilder) -> String {
    builder.try_build().unwrap_err().to_string()
}

#[test]
fn buckets_and_methods_that_cannot_be_are_refused_by_name() {
    let refused = |build: fn()| {
        let panic = catch_unwind(build).unwrap_err();
        panic
            .downcast_ref::<String>()
            .map_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned(), ToOwned::to_owned)
    };
    for build in [
        || drop(HttpMetrics::builder().duration_buckets([])),
        || drop(HttpMetrics::builder().duration_buckets([Duration::ZERO])),
        || drop(HttpMetrics::builder().duration_buckets([2, 1].map(Duration::from_secs))),
        || drop(HttpMetrics::builder().duration_buckets((1..=15).map(Duration::from_secs))),
    ] as [fn(); 4]
    {
        assert!(refused(build).contains("duration_buckets"));
    }
    let methods = || drop(HttpMetrics::builder().known_methods(vec![Method::GET; 33]));
    assert!(refused(methods).contains("known_methods"));
    let table = || drop(HttpMetrics::builder().route_table(["/{a}", "/{b}"]).build());
    assert!(refused(table).contains("route_table"));
}

#[test]
fn templates_that_contradict_each_other_are_all_told() {
    let table = ["/{a}", "/{b}", "/fine", "/{", "/fine"];
    let error = HttpMetrics::builder().route_table(table).try_build().unwrap_err();
    let fields: Vec<&str> =
        error.fields().iter().map(battlement_metrics::InvalidField::field).collect();
    assert_eq!(fields, ["route_table[1]", "route_table[3]", "route_table[4]"]);
    assert!(error.to_string().contains("/{b}"), "{error}");
}

#[test]
fn every_size_is_bounded_when_it_is_built_by_its_name() {
    let new = HttpMetrics::builder;
    for (builder, message) in [
        (new().max_series(usize::MAX), "max_series: must be 1 to 100000, got 18446744073709551615"),
        (new().max_series(0), "max_series: must be 1 to 100000, got 0"),
        (new().max_routes(16_385), "max_routes: must be 1 to 16384, got 16385"),
        (new().max_clients(1 << 40), "max_clients: must be 1 to 1024, got 1099511627776"),
        (new().shards(1 << 40), "shards: must be 1 to 64, got 1099511627776"),
        (new().shards(0), "shards: must be 1 to 64, got 0"),
        (new().shards(3), "shards: must be a power of two, got 3"),
    ] {
        assert_eq!(mistakes(builder), format!("metrics settings: {message}"));
    }
    for builder in [
        new().max_series(100_000),
        new().max_series(1).max_routes(1).max_clients(1).shards(1),
        new().max_routes(16_384).max_clients(1_024).shards(64),
    ] {
        assert!(builder.try_build().is_ok());
    }
}

#[test]
fn invalid_settings_are_rejected_by_build() {
    let new = HttpMetrics::builder;
    for (builder, message) in [
        (
            new().max_routes(2).route_table(["/a", "/b", "/c"]),
            "route_table: has 3 templates; must be at most `max_routes`, 2",
        ),
        (
            new().max_routes(1).known_route(Method::GET, "/a").known_route(Method::PUT, "/b"),
            "known_route: has 2 templates; must be at most `max_routes`, 1",
        ),
        (
            new().max_series(3).known_route(Method::GET, "/a"),
            "known_route: creates 4 series; must be at most `max_series`, 3",
        ),
        (new().known_route(Method::GET, "a"), "known_route[0]: must begin with a slash, got \"a\""),
        (new().route_table(["a"]), "route_table[0]: must begin with a slash, got \"a\""),
        (
            new().grpc_methods("/pkg.Svc", ["Say"]),
            "grpc_methods: must be a service such as pkg.Name, got \"/pkg.Svc\"",
        ),
        (
            new().grpc_methods("", ["Say"]),
            "grpc_methods: must be a service such as pkg.Name, got \"\"",
        ),
        (
            new().grpc_streams("pkg.Svc", ["/Say"]),
            "grpc_streams: must be a method of pkg.Svc, got \"/Say\"",
        ),
        (
            new().grpc_methods("pkg.Svc", ["Say"]).grpc_streams("pkg.Svc", ["Say"]),
            "grpc_streams: pkg.Svc/Say is in both `grpc_methods` and `grpc_streams`",
        ),
        (
            new().leave_out(["livez"]),
            "leave_out[0]: \"livez\": must be a path that begins with a slash",
        ),
        (
            new().leave_out(["/livez", "/a?x"]),
            "leave_out[1]: \"/a?x\": must be a path that a request can have, without a query",
        ),
        (
            new().leave_out(["/admin/*"]),
            "leave_out[0]: \"/admin/*\": must be an exact path; patterns are not supported",
        ),
        (
            new().known_methods([Method::from_bytes(b"get").unwrap()]),
            "known_methods[0]: get: methods are case-sensitive; write GET",
        ),
        (
            new().prefix("my-shop_"),
            "prefix: must be letters, digits and underscores and not begin with a digit, got \"my-shop_\"",
        ),
    ] {
        assert_eq!(mistakes(builder), format!("metrics settings: {message}"));
    }
    // The same template twice is one route, and 256 fit.
    let table: Vec<&'static str> = (0..256).map(|n| &*format!("/{n}").leak()).collect();
    assert!(new().route_table(table).known_route(Method::GET, "/0").try_build().is_ok());
}
