//! A service that is ready at once costs no timer: the system calls of 1,000 requests, counted by strace.
#![cfg(all(target_os = "linux", feature = "http"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    env::{current_exe, var},
    future::{Ready, ready},
    process::Command,
    time::Duration,
};

use battlement_timeout::{CallDeadlineLayer, DeadlineLayer, TimeoutLayer};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::timeout::TimeoutLayer as TowerHttp;

/// The name of the layer that the traced program puts around its service.
const TRACED: &str = "BATTLEMENT_TRACED_LAYER";

const REQUESTS: u64 = 1_000;
const LONG: Duration = Duration::from_secs(30);

fn respond(_: Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::default())))
}

async fn send<S: Service<Request<()>> + Clone>(service: S) {
    for _ in 0..REQUESTS {
        assert!(service.clone().oneshot(Request::new(())).await.is_ok());
    }
}

/// Runs as the program that the other tests trace. On its own it does nothing.
#[test]
fn traced() {
    let Ok(layer) = var(TRACED) else { return };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let service = service_fn(respond);
    let send = async move {
        match layer.as_str() {
            "none" => send(service).await,
            "timeout" => send(TimeoutLayer::new(LONG).layer(service)).await,
            "deadline" => send(DeadlineLayer::new().layer(service)).await,
            "call" => send(CallDeadlineLayer::new(LONG).layer(service)).await,
            "tower-http" => {
                let status = StatusCode::GATEWAY_TIMEOUT;
                send(TowerHttp::with_status_code(status, LONG).layer(service)).await;
            }
            unknown => panic!("unknown layer {unknown:?}"),
        }
    };
    // On the worker, as the requests of a server: the driver of timers does not sleep meanwhile.
    runtime.block_on(runtime.spawn(send)).unwrap();
}

/// Returns how many system calls the program makes with this layer.
fn system_calls(layer: &str) -> u64 {
    let output = Command::new("strace")
        .args(["-f", "-c", "-U", "calls,name"])
        .arg(current_exe().unwrap())
        .args(["--exact", "traced", "--test-threads", "1"])
        .env(TRACED, layer)
        .output()
        .expect("strace is installed");
    let summary = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{summary}");
    let total = summary.lines().find_map(|line| line.trim().strip_suffix(" total"));
    total.unwrap_or_else(|| panic!("no total in {summary}")).trim().parse().unwrap()
}

/// A tenth of a system call per request: the noise of starting the program is far below.
const NOISE: u64 = REQUESTS / 10;

#[test]
fn a_service_that_is_ready_at_once_costs_no_system_call() {
    let without = system_calls("none");
    for layer in ["timeout", "deadline", "call"] {
        let with = system_calls(layer);
        assert!(with <= without + NOISE, "{layer}: {with} system calls, {without} without a layer");
    }
}

#[test]
fn the_timer_of_tower_http_costs_a_system_call_per_request() {
    let (without, with) = (system_calls("none"), system_calls("tower-http"));
    assert!(with >= without + REQUESTS / 2, "{with} system calls, {without} without a layer");
}
