//! Puts every way a request can end, over real sockets, before the layers that people count requests with,
//! and prints what each makes of it as a Markdown table.

#[path = "../../../../../tests/metrics/answers.rs"]
mod answers;
mod axum_prometheus;
mod opentelemetry;
mod ours;
mod reading;
mod tower_http;
mod way;

use anyhow::Result;
use battlement_testkit::server::Protocol;

use self::{
    reading::{Reading, Subject},
    way::{WAYS, Way},
};

#[tokio::main]
async fn main() -> Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    let subjects: [&dyn Subject; 4] = [
        &axum_prometheus::AxumPrometheus::new(),
        &opentelemetry::OpenTelemetry::new(),
        &tower_http::TowerHttp::default(),
        &ours::Ours::new(),
    ];
    let names: Vec<&str> = subjects.iter().map(|subject| subject.name()).collect();
    println!("| | {} |\n|---{}|", names.join(" | "), "|---".repeat(names.len()));
    for way in &WAYS {
        let mut cells = Vec::new();
        for subject in subjects {
            cells.push(cell(subject, way).await?);
        }
        println!("| {} | {} |", way.name, cells.join(" | "));
    }
    Ok(())
}

/// What `subject` makes of `way`, over both protocols.
async fn cell(subject: &dyn Subject, way: &Way) -> Result<String> {
    let http1 = said(subject, way, Protocol::Http1).await?;
    if !way.over_http2 {
        return Ok(http1);
    }
    let http2 = said(subject, way, Protocol::Http2).await?;
    if http1 == http2 {
        return Ok(http1);
    }
    Ok(format!("HTTP/1: {http1}; HTTP/2: {http2}"))
}

async fn said(subject: &dyn Subject, way: &Way, protocol: Protocol) -> Result<String> {
    let server = subject.serve(protocol).await?;
    let before = subject.read();
    way.go(server.addr(), protocol).await?;
    // The server is over with it a moment after the client; what never comes is waited for this long.
    let is_right = || way.judge(&subject.read().since(&before)).is_empty();
    let _ = battlement_testkit::eventually(reading::PATIENCE, is_right).await;
    let mistakes = way.judge(&subject.read().since(&before));
    Ok(if mistakes.is_empty() { "right".to_owned() } else { mistakes.join(", ") })
}
