//! Metrics of a shutdown, and of the requests that it cuts off.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{
    convert::Infallible,
    future::{Future, pending},
    time::Duration,
};

use battlement_metrics::{Exposition, Format, HttpMetrics, shutdown::ShutdownMetrics};
use battlement_shutdown::{Report, Shutdown};
use battlement_testkit::probe::{Gate, Probe, ProbeBody, Reply};
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::task::{JoinHandle, yield_now};
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::{accepted, page};

const OF_SERVER: &str = r#"http_request_method="GET",url_scheme="http""#;
const SERVER: &str = "http_server_request_duration_seconds";

fn shutdown(metrics: &ShutdownMetrics) -> Shutdown {
    let second = Duration::from_secs(1);
    Shutdown::without_signals().linger(Duration::ZERO).drain(second).observe(metrics.clone())
}

/// Runs `call` into a shutdown, and returns its output.
async fn cut_off<T: Send + 'static>(
    shutdown: Shutdown,
    call: impl Future<Output = T> + Send + 'static,
) -> (T, Report) {
    let handle = shutdown.handle();
    let call: JoinHandle<T> = tokio::spawn(call);
    while handle.in_flight().counts()[0].1 == 0 {
        yield_now().await;
    }
    handle.trigger("a test");
    let report = shutdown.run(pending::<()>()).await;
    (call.await.unwrap(), report)
}

fn hanging()
-> impl Service<Request<ProbeBody>, Response = Response<ProbeBody>, Error = Infallible, Future: Send>
+ Clone {
    service_fn(|_| pending::<Result<Response<ProbeBody>, Infallible>>())
}

/// Creates a service that sends half of its body, and then nothing.
fn half() -> Probe {
    let probe = Probe::new();
    probe.next(Reply::body(ProbeBody::empty().data("half").wait(&Gate::new()).stream()));
    probe
}

fn request() -> Request<ProbeBody> {
    Request::get("/").body(ProbeBody::empty()).unwrap()
}

fn grpc() -> Request<ProbeBody> {
    let request = Request::post("/shop.Orders/Place").header("content-type", "application/grpc");
    request.body(ProbeBody::empty()).unwrap()
}

fn is_recorded(metrics: &HttpMetrics, name: &str, labels: &str) {
    let page = page(metrics);
    assert_eq!(page.count((name, labels)), Some(1), "{labels}: {}", page.text);
    assert_eq!((metrics.ended(), metrics.active()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_off_counts_as_shutdown() {
    let (metrics, own) = (HttpMetrics::new(), ShutdownMetrics::new());
    let shutdown = shutdown(&own);
    let service = metrics.server_layer().layer(shutdown.layer().layer(hanging()));
    let call = async move {
        let response = service.oneshot(request()).await.unwrap();
        (response.status(), response.into_body().collect().await.is_ok())
    };
    let ((status, ended), report) = cut_off(shutdown, call).await;
    assert_eq!((status.as_u16(), ended, report.cut_off().requests), (503, true, 1));
    let answered = r#",http_response_status_code="503",error_type="shutdown""#;
    is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{answered}"));
    let [text, _] = accepted(&Exposition::new().shutdown(&own).shutdown(&own.clone()));
    for sample in [
        "cut_off_total 1\n",
        "panics_total 0\n",
        "guards{name=\"request\"} 0\n",
        "phase{phase=\"running\"} 0\n",
        "phase{phase=\"done\"} 1\n",
    ] {
        assert!(text.contains(&format!("battlement_shutdown_{sample}")), "{sample}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_that_is_cut_off_counts_as_shutdown() {
    let (metrics, own) = (HttpMetrics::new(), ShutdownMetrics::new());
    let shutdown = shutdown(&own);
    let service = metrics.grpc_layer().layer(shutdown.layer().layer(hanging()));
    let (response, _) = cut_off(shutdown, service.oneshot(grpc())).await;
    assert_eq!(response.unwrap().headers()["grpc-status"], "14");
    let labels = r#"rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="UNAVAILABLE",error_type="shutdown""#;
    is_recorded(&metrics, "rpc_server_call_duration_seconds", labels);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_cut_off_counts_as_shutdown() {
    for grpc_call in [false, true] {
        let (metrics, own) = (HttpMetrics::new(), ShutdownMetrics::new());
        let shutdown = shutdown(&own);
        let half = shutdown.layer().layer(half());
        let call = async {
            let collected = if grpc_call {
                let response = metrics.grpc_layer().layer(half).oneshot(grpc()).await;
                response.unwrap().into_body().collect().await
            } else {
                let response = metrics.server_layer().layer(half).oneshot(request()).await;
                response.unwrap().into_body().collect().await
            };
            collected.map(|collected| collected.trailers().cloned())
        };
        let (ended, _) = tokio::join!(call, async {
            yield_now().await;
            shutdown.handle().trigger("a test");
            shutdown.run(pending::<()>()).await
        });
        if grpc_call {
            assert_eq!(ended.unwrap().unwrap()["grpc-status"], "14");
            let labels = r#"rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="UNAVAILABLE",error_type="shutdown""#;
            is_recorded(&metrics, "rpc_server_call_duration_seconds", labels);
        } else {
            assert!(ended.is_err(), "a body that was cut off must not look complete");
            let labels = r#",http_response_status_code="200",error_type="shutdown""#;
            is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{labels}"));
        }
    }
}

#[tokio::test]
async fn guards_and_tasks_are_shown_by_name_and_stay_at_0() {
    let own = ShutdownMetrics::new();
    let shutdown = shutdown(&own);
    let handle = shutdown.handle();
    let (guards, upgrade) = ([handle.guard("order"), handle.guard("order")], handle.upgrade());
    let shown = || Exposition::new().shutdown(&own).render(Format::Text);
    assert!(shown().contains("battlement_shutdown_guards{name=\"order\"} 2\n"), "{}", shown());
    assert!(shown().contains("battlement_shutdown_guards{name=\"upgrade\"} 1\n"), "{}", shown());
    drop((guards, upgrade));
    for name in ["order", "upgrade", "request"] {
        let sample = format!("battlement_shutdown_guards{{name=\"{name}\"}} 0\n");
        assert!(shown().contains(&sample), "{}", shown());
    }
}
