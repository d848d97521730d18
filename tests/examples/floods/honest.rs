use std::time::Duration;

use serde::Deserialize;

use crate::{Service, attack};

const TIME: Duration = Duration::from_secs(60);

/// The cancels of a minute that the server must allow.
const CANCELS: u64 = 1_000;

#[derive(Debug, Deserialize)]
struct Counts {
    cancels: u64,
    /// How often all streams were reset at once.
    storms: u64,
}

/// Cancels more than 1,000 requests a minute on one connection, and all of its streams at once; returns an error if the server
/// ends the connection.
pub(crate) async fn run(service: &Service) -> Option<String> {
    let floods = service.floods().await;
    let mut client = attack::attacker(service.addr, "honest", TIME, &[]);
    let counts: Counts = attack::counts(&mut client).await;
    println!(
        "\nhonest client: {} cancels in {TIME:?}, {} times all streams at once",
        counts.cancels, counts.storms
    );
    let is_short = counts.cancels < CANCELS || counts.storms == 0;
    if is_short {
        return Some(format!("honest: the client was too slow: {counts:?}"));
    }
    (service.floods().await != floods).then(|| "honest: the server counted a flood".to_owned())
}
