use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Redis, StartError};

/// How long a replica may take to copy what its master has.
const COPY: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

impl Redis {
    /// Makes this server a replica: it copies `master`, forgets all else, and refuses writes with `READONLY`.
    /// Returns when it has caught up.
    ///
    /// # Errors
    ///
    /// If it refuses, or does not catch up in time.
    pub async fn replicate(&self, master: &Self) -> Result<(), StartError> {
        self.ask::<()>(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]).await?;
        let deadline = Instant::now() + COPY;
        while !self.ask::<String>(&["INFO", "replication"]).await?.contains("master_link_status:up")
        {
            if Instant::now() >= deadline {
                return Err(StartError::Silent);
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// Makes this server a master, with what it has copied.
    ///
    /// # Errors
    ///
    /// If it refuses.
    pub async fn promote(&self) -> Result<(), StartError> {
        Ok(self.ask::<()>(&["REPLICAOF", "NO", "ONE"]).await?)
    }
}
