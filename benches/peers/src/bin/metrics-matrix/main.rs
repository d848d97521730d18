//! Sends requests that end in every possible way, over real sockets, to servers with different metrics layers, and
//! prints what each layer counts as a Markdown table.

mod axum_prometheus;
mod errors;
mod opentelemetry;
mod ours;
mod recorder;
mod tower_http;

use anyhow::Result;
use battlement_testkit::{
    matrix::{SLOW, Way},
    server::Protocol,
};
use tokio::time::Instant;

use self::{
    errors::errors,
    recorder::{Recorder, Totals},
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
    for way in &Way::ALL {
        let mut cells = Vec::new();
        for recorder in recorders {
            cells.push(cell(recorder, way).await?);
        }
        println!("| {} | {} |", way.name, cells.join(" | "));
    }
    Ok(())
}

/// Returns the verdict on `recorder` for `way`, over both protocols.
async fn cell(recorder: &dyn Recorder, way: &Way) -> Result<String> {
    let http1 = verdict(recorder, way, Protocol::Http1).await?;
    if !way.protocols().contains(&Protocol::Http2) {
        return Ok(http1);
    }
    let http2 = verdict(recorder, way, Protocol::Http2).await?;
    if http1 == http2 {
        return Ok(http1);
    }
    Ok(format!("HTTP/1: {http1}; HTTP/2: {http2}"))
}

async fn verdict(recorder: &dyn Recorder, way: &Way, protocol: Protocol) -> Result<String> {
    let server = recorder.serve(protocol).await?;
    let before = recorder.read();
    // Not every layer shows that a request has arrived. A peer may also change the response.
    let sent = Instant::now();
    let _ = way.send(server.addr(), protocol, || sent.elapsed() >= SLOW).await;
    // The server finishes a moment after the client; a count that is never made is awaited until the deadline.
    let is_right = || errors(way, &recorder.read().since(&before)).is_empty();
    let _ = battlement_testkit::eventually(recorder::DEADLINE, is_right).await;
    let errors = errors(way, &recorder.read().since(&before));
    Ok(if errors.is_empty() { "right".to_owned() } else { errors.join(", ") })
}
