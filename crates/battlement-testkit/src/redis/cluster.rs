use std::{ops::RangeInclusive, time::Duration};

use redis::RedisResult;
use tokio::time::{Instant, sleep};

use super::{Redis, StartError, launch::Launch};

/// The maximum time until all masters know the whole cluster.
const FORMATION_TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const SLOTS: [RangeInclusive<u16>; 3] = [0..=5460, 5461..=10922, 10923..=16383];

/// A Redis Cluster of three masters without replicas, on free loopback ports.
///
/// If a master is down, the others keep serving their own slots, and its slots are unavailable. Dropping this value
/// kills all masters.
///
/// # Example
///
/// ```
/// use battlement_testkit::redis::RedisCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), battlement_testkit::redis::StartError> {
/// let mut cluster = RedisCluster::start().await?;
/// cluster.master_of(16_000).pause();
/// let slot = cluster.slot_of("key").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the masters, and waits until each of them knows all slots.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`Redis::start`], or if the cluster does not form in time.
    pub async fn start() -> Result<Self, StartError> {
        let mut masters = Vec::new();
        for _ in &SLOTS {
            masters.push(member().await?);
        }
        let cluster = Self { masters };
        cluster.assign_slots().await?;
        cluster.wait_for_formation().await?;
        Ok(cluster)
    }

    /// Returns the URLs of all masters.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.masters.iter().map(Redis::url).collect()
    }

    /// Returns all masters.
    #[must_use]
    pub fn masters(&self) -> &[Redis] {
        &self.masters
    }

    /// Returns the master to which `slot` was assigned at the start.
    ///
    /// # Panics
    ///
    /// Panics if `slot` is greater than 16383.
    #[must_use]
    pub fn master_of(&mut self, slot: u16) -> &mut Redis {
        let at = SLOTS
            .iter()
            .position(|slots| slots.contains(&slot))
            .expect("the slot is greater than 16383");
        &mut self.masters[at]
    }

    /// Returns the slot of a key, which the first master computes.
    ///
    /// # Errors
    ///
    /// Returns an error if the master does not answer.
    pub async fn slot_of(&self, key: &str) -> RedisResult<u16> {
        self.masters[0].query(&["CLUSTER", "KEYSLOT", key]).await
    }

    async fn assign_slots(&self) -> Result<(), StartError> {
        let [first, ..] = self.masters.as_slice() else {
            unreachable!("a cluster has three masters")
        };
        for (nth, (master, slots)) in self.masters.iter().zip(&SLOTS).enumerate() {
            let [from, to, epoch] =
                [slots.start(), slots.end(), &(nth as u16 + 1)].map(u16::to_string);
            master.query::<()>(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]).await?;
            master.query::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
            if nth > 0 {
                let [port, bus] = [first.port, first.second.unwrap_or_default()];
                let [port, bus] = [port.to_string(), bus.to_string()];
                master.query::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
            }
        }
        Ok(())
    }

    async fn wait_for_formation(&self) -> Result<(), StartError> {
        let deadline = Instant::now() + FORMATION_TIMEOUT;
        for master in &self.masters {
            while !is_formed(&master.query::<String>(&["CLUSTER", "INFO"]).await?) {
                if Instant::now() >= deadline {
                    return Err(StartError::TimedOut);
                }
                sleep(POLL_INTERVAL).await;
            }
        }
        Ok(())
    }
}

async fn member() -> Result<Redis, StartError> {
    let args = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"];
    Redis::launch(Launch::new(&args)?.second_port("--cluster-port")).await
}

fn is_formed(info: &str) -> bool {
    ["cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"]
        .iter()
        .all(|line| info.lines().any(|actual| actual == *line))
}
