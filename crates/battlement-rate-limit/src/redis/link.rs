use std::{fmt, future::Future, pin::Pin, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value,
    aio::MultiplexedConnection,
};

/// A connection that commands share.
pub(super) trait Link: Send + Sync {
    /// Sends a command, and waits for what is answered.
    fn send<'a>(&'a self, cmd: &'a Cmd) -> Boxed<'a, Result<Value, Fault>>;

    /// The connection itself, if there is one only: what is sent over that needs no box.
    fn single(&self) -> Option<&MultiplexedConnection> {
        None
    }
}

impl dyn Link + '_ {
    /// Sends a command, and waits for what is answered.
    pub(super) async fn sent(&self, cmd: &Cmd) -> Result<Value, Fault> {
        match self.single() {
            Some(connection) => send_over(connection.clone(), cmd).await,
            None => self.send(cmd).await,
        }
    }
}

async fn send_over(mut connection: MultiplexedConnection, cmd: &Cmd) -> Result<Value, Fault> {
    let value = connection.send_packed_command(cmd).await;
    value.and_then(Value::extract_error).map_err(Fault::from)
}

/// Makes connections.
pub(super) trait Connect: Send + Sync {
    /// A new one.
    fn connect(&self) -> Boxed<'_, Result<Box<dyn Link>, Fault>>;
}

pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a command was not done, in words that are safe to log: no address, no password, no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Redis does not know the script.
    NoScript,
    /// Another node has the slot.
    Moved,
    /// Redis answered with the code of an error.
    Refused(String),
    /// The connection broke, or could not be made.
    Broken,
    /// There was no answer in time.
    Late,
    /// The answer was none of the script.
    Malformed,
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::NoScript,
            ErrorKind::Server(
                ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain,
            ) => Self::Moved,
            ErrorKind::AuthenticationFailed => Self::Refused("WRONGPASS".to_owned()),
            _ if error.is_timeout() => Self::Late,
            _ => error.code().map_or(Self::Broken, |code| Self::Refused(code.to_owned())),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScript => f.write_str("it lost the script"),
            Self::Moved => f.write_str("its slots moved"),
            Self::Refused(code) => write!(f, "it answered {code}"),
            Self::Broken => f.write_str("the connection broke or could not be made"),
            Self::Late => f.write_str("it did not answer in time"),
            Self::Malformed => f.write_str("it answered nonsense"),
        }
    }
}

/// One server.
pub(super) struct Single {
    pub(super) client: Client,
    /// How long making a connection may take.
    pub(super) most: Duration,
}

/// Commands that wait for the connection to take them; more than that wait in the lanes.
const BUFFER: usize = 1_024;

impl Connect for Single {
    fn connect(&self) -> Boxed<'_, Result<Box<dyn Link>, Fault>> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.most))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER);
        Box::pin(async move {
            let connection = self.client.get_multiplexed_async_connection_with_config(&config);
            Ok(Box::new(connection.await?) as Box<dyn Link>)
        })
    }
}

impl Link for MultiplexedConnection {
    fn send<'a>(&'a self, cmd: &'a Cmd) -> Boxed<'a, Result<Value, Fault>> {
        Box::pin(send_over(self.clone(), cmd))
    }

    fn single(&self) -> Option<&MultiplexedConnection> {
        Some(self)
    }
}
