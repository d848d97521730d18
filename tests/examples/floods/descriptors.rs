use std::time::Duration;

use battlement_testkit::load::{self, End};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::{Service, usage};

/// The descriptors of the server.
const DESCRIPTORS: u32 = 64;
/// Connections that stay open; those above the limit wait in the kernel.
const CONNECTIONS: usize = 200;
const TIME: Duration = Duration::from_secs(4);
/// The share of one core.
const CPU: f64 = 0.1;
const LINES: usize = 5;
/// The longest pause of the accept loop, and a margin.
const RECOVERY: Duration = Duration::from_secs(3);

/// Lets `accept` fail for four seconds, and returns what the server has not withstood.
pub(crate) async fn run() -> Vec<String> {
    let service = Service::start(Some(DESCRIPTORS)).await;
    let id = service.process.id();
    let (lines, cpu) = (count_lines(&service), usage::cpu(id));
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        open.push(TcpStream::connect(service.addr).await.unwrap());
    }
    sleep(TIME).await;
    let cpu = (usage::cpu(id) - cpu) / TIME.as_secs_f64();
    let lines = count_lines(&service) - lines;
    drop(open);
    let start = Instant::now();
    let end = load::call(service.addr, "/").await;
    let recovery = start.elapsed();
    println!(
        "\ndescriptors: {TIME:?} without a free descriptor, {:.1} % CPU, {lines} log lines, recovered in {recovery:.1?}",
        cpu * 100.0
    );
    let checks = [
        (lines == 0, "`accept` has not failed".to_owned()),
        (lines > LINES, format!("{lines} log lines")),
        (cpu > CPU, format!("{:.1} % CPU", cpu * 100.0)),
        (end != End::Answered || recovery > RECOVERY, format!("{end:?} after {recovery:?}")),
    ];
    let failed = checks.into_iter().filter(|(failed, _)| *failed);
    failed.map(|(_, reason)| format!("descriptors: {reason}")).collect()
}

fn count_lines(service: &Service) -> usize {
    service.process.log().lines().count()
}
