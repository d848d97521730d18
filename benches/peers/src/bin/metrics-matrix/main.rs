//! Sends requests that end in every possible way, over real sockets, to servers with different metrics layers, and
//! prints what each layer counts as a Markdown table.

#[path = "../../../../../tests/metrics/answers.rs"]
mod answers;
mod axum_prometheus;
mod opentelemetry;
mod ours;
mod recorder;
mod scenario;
mod tower_http;

use anyhow::Result;
use battlement_testkit::server::Protocol;

use self::{
    recorder::{Recorder, Totals},
    scenario::{SCENARIOS, Scenario},
};

#[tokio::main]
async fn main() -> Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    let recorders: [&dyn Recorder; 4] = [
        &axum_prometheus::AxumPrometheus::new(),
        &opentelemetry::OpenTelemetry::new(),
        &tower_http::TowerHttp::default(),
        &ours::Ours::new(),
    ];
    let names: Vec<&str> = recorders.iter().map(|recorder| recorder.name()).collect();
    println!("| | {} |\n|---{}|", names.join(" | "), "|---".repeat(names.len()));
    for scenario in &SCENARIOS {
        let mut cells = Vec::new();
        for recorder in recorders {
            cells.push(cell(recorder, scenario).await?);
        }
        println!("| {} | {} |", scenario.name, cells.join(" | "));
    }
    Ok(())
}

/// Returns the verdict on `recorder` for `scenario`, over both protocols.
async fn cell(recorder: &dyn Recorder, scenario: &Scenario) -> Result<String> {
    let http1 = verdict(recorder, scenario, Protocol::Http1).await?;
    if !scenario.over_http2 {
        return Ok(http1);
    }
    let http2 = verdict(recorder, scenario, Protocol::Http2).await?;
    if http1 == http2 {
        return Ok(http1);
    }
    Ok(format!("HTTP/1: {http1}; HTTP/2: {http2}"))
}

async fn verdict(
    recorder: &dyn Recorder,
    scenario: &Scenario,
    protocol: Protocol,
) -> Result<String> {
    let server = recorder.serve(protocol).await?;
    let before = recorder.read();
    scenario.run(server.addr(), protocol).await?;
    // The server finishes a moment after the client; a count that is never made is awaited until the deadline.
    let is_right = || scenario.errors(&recorder.read().since(&before)).is_empty();
    let _ = battlement_testkit::eventually(recorder::DEADLINE, is_right).await;
    let errors = scenario.errors(&recorder.read().since(&before));
    Ok(if errors.is_empty() { "right".to_owned() } else { errors.join(", ") })
}
