use std::{collections::BTreeMap, fmt, net::SocketAddr, process::Command, time::Duration};

use battlement::serve::Flood;
use battlement_testkit::{load::Arrivals, process::Process, python};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{Others, Service, usage};

/// The time of each attack.
const TIME: Duration = Duration::from_secs(5);
/// The time after which an attacker that has not ended is stuck; the honest client runs for a minute.
const PATIENCE: Duration = Duration::from_secs(90);
/// The longest latency of other clients at the 99th percentile.
const LATENCY: Duration = Duration::from_millis(100);
/// The growth of the resident memory, in percent.
const GROWTH: f64 = 20.0;

pub(crate) const HEADER: &str = "\
| attack | connections | frames | ended by | counted | others: p50 | p99 | failed | memory before | most | CPU |
|---|---|---|---|---|---|---|---|---|---|---|";

/// A kind of flood.
#[derive(Debug)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// The name of a function in `attack.py`.
    kind: &'static str,
    over_tls: bool,
    /// The kind that the server counts; h2 itself ends the connection at the first frame of the others.
    flood: Option<Flood>,
}

impl Attack {
    pub(crate) const ALL: &'static [Self] = &[
        Self::plain("rapid_reset", Some(Flood::RapidReset)),
        Self::plain("overflow", Some(Flood::ProvokedReset)),
        Self::plain("refused", Some(Flood::ProvokedReset)),
        Self::plain("zero_window", None),
        Self::plain("data_after_end", None),
        Self::plain("header_block", Some(Flood::Continuation)),
        Self::plain("continuations", Some(Flood::Continuation)),
        Self::plain("empty_data", Some(Flood::EmptyData)),
        Self::plain("settings", Some(Flood::Settings)),
        Self::plain("ping", Some(Flood::Ping)),
        Self {
            name: "rapid_reset_over_tls",
            over_tls: true,
            ..Self::plain("rapid_reset", Some(Flood::RapidReset))
        },
    ];

    const fn plain(kind: &'static str, flood: Option<Flood>) -> Self {
        Self { name: kind, kind, over_tls: false, flood }
    }

    /// Attacks the server while other clients call it.
    pub(crate) async fn run(&'static self, service: &Service) -> Outcome {
        let id = service.process.id();
        let (floods, before, cpu) = (service.floods().await, usage::resident(id), usage::cpu(id));
        let mut attacker = if self.over_tls {
            attacker(service.tls, self.kind, TIME, &["tls"])
        } else {
            attacker(service.addr, self.kind, TIME, &[])
        };
        let (others, most) = tokio::join!(
            Others::call(service.addr, TIME),
            usage::most_resident(id, Instant::now() + TIME)
        );
        let cpu = (usage::cpu(id) - cpu) / TIME.as_secs_f64();
        let counts = counts(&mut attacker).await;
        let counted = service
            .floods()
            .await
            .iter()
            .zip(floods)
            .map(|(after, before)| after - before)
            .collect();
        Outcome { attack: self, counts, counted, others, before, most, cpu }
    }
}

/// Starts the Python program.
pub(crate) fn attacker(addr: SocketAddr, kind: &str, time: Duration, options: &[&str]) -> Process {
    let python =
        python::with("http2-attacker", &["h2==4.4.1", "hyperframe==6.1.0", "hpack==4.2.0"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/floods/attack.py");
    let (host, port) = (addr.ip().to_string(), addr.port().to_string());
    let seconds = time.as_secs().to_string();
    let mut command = Command::new(python);
    command.args([script, &host, &port, &seconds, kind]).args(options);
    Process::start(&mut command).unwrap()
}

/// Returns what the Python program has counted.
pub(crate) async fn counts<T: for<'de> Deserialize<'de>>(attacker: &mut Process) -> T {
    let status = attacker.exited(PATIENCE).await.unwrap();
    let log = attacker.log();
    assert!(status.success(), "the attacker failed: {log}");
    serde_json::from_str(log.trim()).unwrap_or_else(|error| panic!("{error}: {log}"))
}

/// The attacker's view.
#[derive(Debug, Deserialize)]
struct Counts {
    connections: u64,
    frames: u64,
    /// Connections that ended without a GOAWAY.
    silent: u64,
    /// Connections by the error of their GOAWAY.
    goaway: BTreeMap<String, u64>,
}

/// An attack and its effects.
#[derive(Debug)]
pub(crate) struct Outcome {
    attack: &'static Attack,
    counts: Counts,
    /// Connections by the flood that the server has counted.
    counted: Vec<u64>,
    others: Arrivals,
    before: u64,
    most: u64,
    /// The share of one core that the server has used.
    cpu: f64,
}

impl Outcome {
    fn growth(&self) -> f64 {
        100.0 * (self.most as f64 / self.before as f64 - 1.0)
    }

    fn failed_others(&self) -> u64 {
        self.others.len() as u64 - self.others.tally().answered
    }

    /// Returns what the server has not withstood.
    pub(crate) fn failures(&self) -> Vec<String> {
        let p99 = self.others.percentile(0.99);
        let ended: u64 = self.counts.goaway.values().sum::<u64>() + self.counts.silent;
        let counted = self.attack.flood.map_or(0, |flood| self.counted[flood as usize]);
        let wrong = self.counted.iter().sum::<u64>() - counted;
        let checks = [
            (ended == 0, "no connection was ended".to_owned()),
            (
                counted.abs_diff(if self.attack.flood.is_some() { ended } else { 0 }) > 1,
                format!("{counted} of {ended} ends were counted"),
            ),
            (wrong > 0, format!("{wrong} ends were counted as another flood")),
            (p99 >= LATENCY, format!("other clients waited {p99:?}")),
            (
                self.failed_others() > 0,
                format!("{} requests of other clients failed", self.failed_others()),
            ),
            (self.growth() > GROWTH, format!("the memory grew by {:.0} %", self.growth())),
        ];
        let failed = checks.into_iter().filter(|(failed, _)| *failed);
        failed.map(|(_, reason)| format!("{}: {reason}", self.attack.name)).collect()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attack, counts, others, before, most, cpu, .. } = self;
        let mut ends: Vec<_> =
            counts.goaway.iter().map(|(error, count)| format!("{count} {error}")).collect();
        if counts.silent > 0 {
            ends.push(format!("{} closed", counts.silent));
        }
        let counted: u64 = self.counted.iter().sum();
        let (p50, p99) = (others.percentile(0.5), others.percentile(0.99));
        write!(
            f,
            "| {} | {} | {} | {} | {counted} | ",
            attack.name,
            counts.connections,
            counts.frames,
            ends.join(", ")
        )?;
        write!(
            f,
            "{:.1} ms | {:.1} ms | {} | ",
            p50.as_secs_f64() * 1e3,
            p99.as_secs_f64() * 1e3,
            self.failed_others()
        )?;
        let growth = self.growth();
        write!(f, "{before} KiB | {most} KiB ({growth:+.0} %) | {:.0} % |", cpu * 100.0)
    }
}
