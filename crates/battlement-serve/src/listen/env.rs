use std::io;

use super::Listener;

/// The sockets that systemd passes to the process, by name.
#[derive(Debug, Default)]
pub struct Listeners(Vec<Listener>);

impl Listeners {
    /// Takes the sockets of `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`. Without the variables there are none.
    ///
    /// # Errors
    ///
    /// If a descriptor is not a listening TCP or Unix socket.
    pub fn from_env() -> io::Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut fds = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..fds.len() {
            let listener = match fds.take_tcp_listener(index) {
                Ok(socket) => socket.map(Listener::from),
                Err(_) => fds.take_unix_listener(index)?.map(Listener::from),
            };
            let name = names.next().unwrap_or("unknown");
            listeners.extend(listener.map(|listener| listener.name(name).handed_over(true)));
        }
        Ok(Self(listeners))
    }

    /// Takes the first socket called `name`.
    pub fn take(&mut self, name: &str) -> Option<Listener> {
        let index = self.0.iter().position(|listener| &*listener.name == name)?;
        Some(self.0.remove(index))
    }
}

impl IntoIterator for Listeners {
    type Item = Listener;
    type IntoIter = std::vec::IntoIter<Listener>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
