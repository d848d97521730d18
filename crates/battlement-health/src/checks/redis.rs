//! Checks of Redis, with the types of the redis crate, which is not yet stable.

use std::fmt;

use battlement_core::CheckState;
use redis::{Client, RedisResult, aio::ConnectionLike, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use crate::RunCheck;

/// Checks that a Redis server answers `PING`, over a connection of the check's own.
///
/// The connection is opened at the first run, kept, and opened again after a failed run or one that timed out. A server
/// that loads its data set or has lost its primary answers with an error, which is a failure.
///
/// The limiter of battlement-rate-limit reports the state of its own connection:
/// `Check::of_state("redis", move || limits.check_state())`.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// # fn main() -> redis::RedisResult<()> {
/// let client = redis::Client::open("redis://127.0.0.1/")?;
/// let cache = Check::new("cache", checks::redis::client(client));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn client(client: Client) -> OfClient {
    OfClient { client, connection: Mutex::new(None) }
}

/// Checks that Redis answers `PING` over a connection of the service that reconnects by itself, such as a
/// `ConnectionManager` or a cluster connection. A `MultiplexedConnection` never recovers: use [`client`] instead.
#[must_use]
pub fn connection<C>(connection: C) -> OfConnection<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    OfConnection { connection }
}

/// The check of [`client`].
pub struct OfClient {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// The check of [`connection`].
pub struct OfConnection<C> {
    connection: C,
}

impl RunCheck for OfClient {
    async fn run(&self) -> CheckState {
        let mut kept = self.connection.lock().await;
        // Put back only if it works: a run that is dropped by its timeout leaves none.
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => match self.client.get_multiplexed_async_connection().await {
                Ok(connection) => connection,
                Err(error) => return CheckState::fail(format!("cannot connect: {error}")),
            },
        };
        let pong = ping(&mut connection).await;
        if pong.is_ok() {
            *kept = Some(connection);
        }
        state(pong)
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RunCheck for OfConnection<C> {
    async fn run(&self) -> CheckState {
        state(ping(&mut self.connection.clone()).await)
    }
}

async fn ping(connection: &mut (impl ConnectionLike + Send)) -> RedisResult<String> {
    redis::cmd("PING").query_async(connection).await
}

fn state(pong: RedisResult<String>) -> CheckState {
    match pong {
        Ok(_) => CheckState::pass("answers"),
        Err(error) => CheckState::fail(error.to_string()),
    }
}

impl fmt::Debug for OfClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfClient").finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for OfConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfConnection").finish_non_exhaustive()
    }
}
