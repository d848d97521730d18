use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Redis, StartError};

/// The maximum time for a replica to copy the data of its master.
const SYNC_TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

impl Redis {
    /// Makes this server a replica of `master`: it copies the master's data, drops its own, and rejects writes with
    /// `READONLY`. Waits until the replica has caught up.
    ///
    /// # Errors
    ///
    /// Returns an error if the server rejects the command, or does not catch up in time.
    pub async fn replicate(&self, master: &Self) -> Result<(), StartError> {
        self.query::<()>(&["REPLICAOF", "127.0.0.1", &master.port.to_string()]).await?;
        let deadline = Instant::now() + SYNC_TIMEOUT;
        while !self
            .query::<String>(&["INFO", "replication"])
            .await?
            .contains("master_link_status:up")
        {
            if Instant::now() >= deadline {
                return Err(StartError::TimedOut);
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Makes this server a master that keeps the copied data.
    ///
    /// # Errors
    ///
    /// Returns an error if the server rejects the command.
    pub async fn promote(&self) -> Result<(), StartError> {
        Ok(self.query::<()>(&["REPLICAOF", "NO", "ONE"]).await?)
    }
}
