use std::{ops::RangeInclusive, time::Duration};

use redis::RedisResult;
use tokio::time::{Instant, sleep};

use super::{Redis, StartError, launch::Launch};

/// How long masters may take to find each other.
const AGREE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
const SLOTS: [RangeInclusive<u16>; 3] = [0..=5460, 5461..=10922, 10923..=16383];

/// Three masters of a Redis Cluster, without replicas, on free loopback ports.
///
/// Where one is down the others go on with their slots, and nobody takes over those of the one that is
/// down. They are killed when this value is dropped.
///
/// # Example
///
/// ```
/// use battlement_testkit::redis::RedisCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), battlement_testkit::redis::StartError> {
/// let mut cluster = RedisCluster::start().await?;
/// cluster.master_of(16_000).stop();
/// let slot = cluster.slot_of("key").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the masters, and waits until all of them know all slots.
    ///
    /// # Errors
    ///
    /// As [`Redis::start`]; or if the masters do not find each other in time.
    pub async fn start() -> Result<Self, StartError> {
        let mut masters = Vec::new();
        for _ in &SLOTS {
            masters.push(member().await?);
        }
        let cluster = Self { masters };
        cluster.share_out().await?;
        cluster.agree().await?;
        Ok(cluster)
    }

    /// The URLs of all masters.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.masters.iter().map(Redis::url).collect()
    }

    /// All masters.
    #[must_use]
    pub fn masters(&self) -> &[Redis] {
        &self.masters
    }

    /// The master that has had `slot` from the start.
    ///
    /// # Panics
    ///
    /// If there is no such slot: they end with 16383.
    #[must_use]
    pub fn master_of(&mut self, slot: u16) -> &mut Redis {
        let at = SLOTS.iter().position(|slots| slots.contains(&slot)).expect("a slot below 16384");
        &mut self.masters[at]
    }

    /// The slot of a key, as the first master says it.
    ///
    /// # Errors
    ///
    /// If the master does not answer.
    pub async fn slot_of(&self, key: &str) -> RedisResult<u16> {
        self.masters[0].ask(&["CLUSTER", "KEYSLOT", key]).await
    }

    async fn share_out(&self) -> Result<(), StartError> {
        let [first, ..] = self.masters.as_slice() else { unreachable!("three masters") };
        for (nth, (master, slots)) in self.masters.iter().zip(&SLOTS).enumerate() {
            let [from, to, epoch] =
                [slots.start(), slots.end(), &(nth as u16 + 1)].map(u16::to_string);
            master.ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]).await?;
            master.ask::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
            if nth > 0 {
                let [port, bus] = [first.port, first.second.unwrap_or_default()];
                let [port, bus] = [port.to_string(), bus.to_string()];
                master.ask::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
            }
        }
        Ok(())
    }

    async fn agree(&self) -> Result<(), StartError> {
        let deadline = Instant::now() + AGREE;
        for master in &self.masters {
            while !knows_all(&master.ask::<String>(&["CLUSTER", "INFO"]).await?) {
                if Instant::now() >= deadline {
                    return Err(StartError::Silent);
                }
                sleep(BETWEEN_LOOKS).await;
            }
        }
        Ok(())
    }
}

async fn member() -> Result<Redis, StartError> {
    let args = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"];
    Redis::launch(Launch::new(&args)?.second_port("--cluster-port")).await
}

fn knows_all(info: &str) -> bool {
    ["cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"]
        .iter()
        .all(|line| info.lines().any(|found| found == *line))
}
