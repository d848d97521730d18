//! The layers of servers and of clients fit into a service.

mod server {
    use std::{convert::Infallible, net::TcpListener};

    use battlement_client_ip::ClientIpLayer;
    use battlement_concurrency_limit::ConcurrencyLimitLayer;
    use battlement_health::{Check, CheckState, Health, TaskPolicy};
    use battlement_metrics::{
        Exposition, Format, HttpMetrics, HttpMetricsBuilder, MetricsSettings,
        access_log::AccessLogMetrics, circuit_breaker::CircuitBreakerMetrics,
        concurrency_limit::ConcurrencyLimitMetrics, retry::RetryMetrics, serve::ServeMetrics,
        shutdown::ShutdownMetrics, timeout::TimeoutMetrics,
    };
    use battlement_serve::Server;
    use battlement_testkit::wiring::{Series, Settings};
    use http::{Method, Response};
    use tower::service_fn;

    fn settings() -> Settings<MetricsSettings, HttpMetricsBuilder> {
        Settings::new("{}").invalid(
            r#"{
                "duration_buckets": [0.1, 0.1], "known_methods": ["GET", "NO WORD"], "max_series": 0,
                "shards": 3, "prefix": "a-b", "leave_out": ["livez"]
            }"#,
            ["duration_buckets", "known_methods[1]", "max_series", "shards", "prefix", "leave_out[0]"],
        )
    }

    /// Returns a registry with a check and a task, on a runtime that has ended.
    fn health() -> Health {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { panic!("{runtime:?}") };
        runtime.block_on(async {
            let check = Check::of_state("shop", || CheckState::pass("ok"));
            let health = Health::builder().check(check).build();
            drop(health.supervise("shop-task", TaskPolicy::fail(), std::future::pending::<()>));
            health
        })
    }

    /// Returns the metrics of a server that has not yet accepted a connection.
    fn serve() -> ServeMetrics {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { panic!("{runtime:?}") };
        let _inside = runtime.enter();
        let metrics = ServeMetrics::new();
        let listener = TcpListener::bind("127.0.0.1:0");
        let Ok(listener) = listener else { panic!("{listener:?}") };
        let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::new())));
        drop(Server::new(listener).observe(metrics.clone()).serve(service));
        metrics
    }

    /// The metrics of the page.
    const FAMILIES: [&str; 41] = [
        "http_server_request_duration_seconds",
        "battlement_access_log_dropped_total",
        "battlement_access_log_records_total",
        "battlement_access_log_sampled_out_total",
        "battlement_circuit_breaker_calls_total",
        "battlement_circuit_breaker_held_closed_total",
        "battlement_circuit_breaker_overflows_total",
        "battlement_circuit_breaker_fallbacks_total",
        "battlement_circuit_breaker_rejections_total",
        "battlement_circuit_breaker_shadow_rejections_total",
        "battlement_circuit_breaker_state",
        "battlement_circuit_breaker_transitions_total",
        "battlement_client_ip_malformed_total",
        "battlement_concurrency_limit_changes_total",
        "battlement_concurrency_limit_queue_seconds",
        "battlement_concurrency_limit_rejections_total",
        "battlement_health_check_runs_total",
        "battlement_health_check_seconds",
        "battlement_health_task_restarts_total",
        "battlement_retry_attempts_total",
        "battlement_retry_hedges_stopped_total",
        "battlement_retry_hedges_total",
        "battlement_retry_hedges_won_total",
        "battlement_retry_retries_total",
        "battlement_retry_stopped_total",
        "battlement_retry_wait_seconds",
        "battlement_serve_accept_errors_total",
        "battlement_serve_accepted_total",
        "battlement_serve_connection_duration_seconds",
        "battlement_serve_connections",
        "battlement_serve_floods_total",
        "battlement_serve_limit_reached_total",
        "battlement_serve_refused_total",
        "battlement_serve_timeouts_total",
        "battlement_shutdown_cut_off_total",
        "battlement_shutdown_guards",
        "battlement_shutdown_panics_total",
        "battlement_shutdown_phase",
        "battlement_timeout_expired_total",
        "battlement_timeout_not_called_total",
        "battlement_timeout_time_left_seconds",
    ];

    /// Returns the page of a server with a known route, before its first request.
    fn series() -> Series {
        let metrics = HttpMetrics::builder().known_route(Method::GET, "/orders/{id}").build();
        let _layer = metrics.server_layer();
        let retries = RetryMetrics::new();
        let _observer = retries.client("shop");
        let breakers = CircuitBreakerMetrics::new();
        let _breaker = breakers.breaker("shop");
        let limits = ConcurrencyLimitMetrics::new();
        let layer = ConcurrencyLimitLayer::fixed(1).observe(limits.limiter("shop"));
        drop(layer.pair());
        let exposition = Exposition::new()
            .metrics(&metrics)
            .access_log(&AccessLogMetrics::new())
            .circuit_breaker(&breakers)
            .client_ip(&ClientIpLayer::new())
            .concurrency_limit(&limits)
            .health(&health())
            .retry(&retries)
            .serve(&serve())
            .shutdown(&ShutdownMetrics::new())
            .timeout(&TimeoutMetrics::new());
        Series::new(exposition.render(Format::Text), FAMILIES)
    }

    battlement_testkit::wiring! {
        body: HttpMetrics::new().server_layer(),
        settings: settings(),
        series: series(),
        cors: HttpMetrics::new().server_layer(),
        without client: "the layer is for servers; the next module has the layer of clients",
    }
}

mod client {
    use battlement_metrics::HttpMetrics;

    battlement_testkit::wiring! {
        body: HttpMetrics::new().client_layer("shop"),
        client: HttpMetrics::new().client_layer("shop"),
        without settings: "the settings are those of the server's layer",
        without series: "the series of a call begin with the first call, and its status is not known before",
        without cors: "the layer is for clients",
    }
}
