use std::{
    process::Command,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use battlement_testkit::{
    client::Http2,
    load::{End, OpenLoop},
    process::{Process, Signal},
};
use serde_json::Value;

use super::pipe::Pipe;

const RATE: f64 = 600.0;
const STOPPED: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);
/// Other programs disturb single rounds. A writer that blocks delays the requests of every round.
const ROUNDS: std::ops::RangeInclusive<u32> = 1..=6;

/// A service that logs each request to a standard output, which is a pipe.
struct Service {
    process: Process,
    client: Http2,
    requests: AtomicU64,
}

impl Service {
    async fn start(pipe: &Pipe) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" > \"$1\"", env!("CARGO_BIN_EXE_access_log_service")]);
        // A blocked thread would block every request.
        command.arg(pipe.path()).env("TOKIO_WORKER_THREADS", "1");
        let process = Process::start(&mut command).unwrap();
        let line = process.line("listens on ", PATIENCE).await.unwrap();
        let addr = line.rsplit(' ').next().unwrap().parse().unwrap();
        let client = Http2::connect(addr).await.unwrap();
        Self { process, client, requests: AtomicU64::new(0) }
    }

    /// Sends requests at a fixed rate for as long as a pipe is stopped, and returns the 99th percentile.
    async fn load(&self) -> Duration {
        let requests = (RATE * STOPPED.as_secs_f64()) as usize;
        let load = OpenLoop::new(RATE).requests(requests).patience(PATIENCE);
        let arrivals = load
            .run(|| {
                let (mut client, number) =
                    (self.client.clone(), self.requests.fetch_add(1, Relaxed));
                async move {
                    match client.get(&format!("/{number}")).await {
                        Ok(response) if response.status == 200 => End::Answered,
                        _ => End::LostReused,
                    }
                }
            })
            .await;
        assert_eq!(arrivals.tally().answered, requests as u64);
        arrivals.percentile(0.99)
    }

    /// Returns the number of lines that were written and dropped, as the service counts them.
    async fn counts(&self) -> (u64, u64) {
        let counts = self.client.clone().get("/counts").await.unwrap().text();
        let (written, dropped) = counts.split_once(' ').unwrap();
        (written.parse().unwrap(), dropped.parse().unwrap())
    }
}

/// Checks that each line is whole and from the service, and returns the lines with the number of those that they report
/// as dropped.
fn check(text: &str) -> (u64, u64) {
    let mut last = None;
    let (mut lines, mut dropped) = (0, 0);
    for line in text.lines() {
        let record: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let number: u64 = record["url.path"].as_str().unwrap()[1..].parse().unwrap();
        assert_eq!(record["outcome"], "ok", "{line}");
        assert_ne!(last.replace(number), Some(number), "{line}");
        lines += 1;
        dropped += record["dropped_lines"].as_u64().unwrap_or(0);
    }
    assert!(text.ends_with("}\n"));
    (lines, dropped)
}

/// Returns the largest 99th percentile with a stopped pipe.
fn bound(read: Duration) -> Duration {
    read + (read / 10).max(Duration::from_millis(1))
}

#[tokio::test]
async fn a_pipe_that_is_not_read_delays_no_request_and_each_line_is_whole_or_counted() {
    let pipe = Pipe::new();
    let mut service = Service::start(&pipe).await;
    let mut is_within_bound = false;
    for round in ROUNDS {
        let read = service.load().await;
        let (_, before) = service.counts().await;
        pipe.stop(true);
        let stopped = service.load().await;
        let (_, after) = service.counts().await;
        pipe.stop(false);
        let dropped = after - before;
        println!("round {round}: p99 {read:?} read, {stopped:?} stopped; {dropped} dropped");
        assert!(dropped > 1_000, "the pipe was read");
        is_within_bound = stopped <= bound(read);
        if is_within_bound {
            break;
        }
    }
    assert!(is_within_bound, "requests waited for the pipe in every round");
    // Its line reports those that were dropped.
    service.load().await;
    service.process.signal(Signal::TERM);
    assert!(service.process.exited(PATIENCE).await.unwrap().success());
    let ended = service.process.line("wrote ", PATIENCE).await.unwrap();
    let requests = service.requests.load(Relaxed);
    let (lines, dropped) = check(&pipe.finish());
    assert_eq!(lines + dropped, requests);
    assert_eq!(ended, format!("wrote {lines} lines and dropped {dropped}"));
}
