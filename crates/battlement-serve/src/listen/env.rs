use std::{env, fmt, io, process};

use listenfd::ListenFd;
use socket2::Socket;

use super::{Listener, fd, variables::Variables};

/// The listeners that systemd, or another parent with its protocol, passes to this process, by name.
///
/// The name is `FileDescriptorName=` of the socket unit, by default the name of the unit, such as `shop.socket`. Each
/// listener has it for metrics and logs as well, and is [handed over](Listener::handed_over).
///
/// # Example
///
/// ```
/// use battlement_serve::{Listener, Listeners};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let public = match Listeners::from_env()?.take("public") {
///     Some(listener) => listener,
///     None => Listener::tcp("127.0.0.1:0").await?, // started by hand
/// };
/// # drop(public);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Listeners(Vec<Listener>);

impl Listeners {
    /// Takes the sockets of `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`, and makes them non-blocking and not
    /// inherited by programs that this process starts.
    ///
    /// Returns no listeners if the variables are missing or meant for another process. `LISTEN_FDS` and `LISTEN_PID`
    /// are removed from the environment, so that a second call returns none. Call this function before other threads
    /// start, since the environment is shared.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is invalid, or a descriptor is not a listening TCP or Unix stream socket.
    pub fn from_env() -> io::Result<Self> {
        let names = names()?;
        if names.is_empty() {
            return Ok(Self::default());
        }
        let mut descriptors = ListenFd::from_env();
        let take = |(index, name): (usize, String)| {
            listener(&mut descriptors, index)
                .map(|listener| listener.name(&name))
                .map_err(|error| invalid(format!("listener {name:?} of `LISTEN_FDS`: {error}")))
        };
        names.into_iter().enumerate().map(take).collect::<io::Result<_>>().map(Self)
    }

    /// Takes the first listener called `name`. If several sockets share a name, each call takes the next one.
    pub fn take(&mut self, name: &str) -> Option<Listener> {
        let index = self.0.iter().position(|listener| &*listener.name == name)?;
        Some(self.0.remove(index))
    }

    /// Returns the names of the listeners that were not taken, in the order in which they were passed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|listener| &*listener.name)
    }
}

impl IntoIterator for Listeners {
    type Item = Listener;
    type IntoIter = std::vec::IntoIter<Listener>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn names() -> io::Result<Vec<String>> {
    let read = |name| match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(invalid(format!("`{name}` must be UTF-8"))),
    };
    let (pid, fds, names) = (read("LISTEN_PID")?, read("LISTEN_FDS")?, read("LISTEN_FDNAMES")?);
    let variables = Variables { pid: pid.as_deref(), fds: fds.as_deref(), names: names.as_deref() };
    variables.descriptors(process::id()).map_err(invalid)
}

fn listener(descriptors: &mut ListenFd, index: usize) -> io::Result<Listener> {
    let tcp = descriptors.take_tcp_listener(index).map(|socket| socket.map(Socket::from));
    let socket = match tcp {
        Ok(socket) => socket,
        Err(_) => descriptors.take_unix_listener(index)?.map(Socket::from),
    };
    let socket = socket.ok_or_else(|| invalid("the descriptor was already taken"))?;
    Ok(Listener::idle([fd::idle(socket)?]).handed_over(true))
}

fn invalid(error: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
}
