//! Addresses to listen on.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    io,
    net::{AddrParseError, SocketAddr},
    str::FromStr,
};

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};

/// The connections that may wait to be accepted, as Linux allows by default. `TcpListener::bind` asks for 128, which a
/// burst of clients exceeds: the kernel then drops connections, and may reset them.
const BACKLOG: u32 = 4_096;

/// An address and a port to listen on. `localhost` is 127.0.0.1, and without a host it is every IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddr(SocketAddr);

impl ListenAddr {
    pub const EXPECTED: &str =
        "an IP address and a port to listen on, such as 127.0.0.1:8080, localhost:8080 or :8080";

    /// Binds the address. An error names `variable`, which sets it.
    pub fn bind(self, variable: &str) -> anyhow::Result<TcpListener> {
        let Self(addr) = self;
        listen(addr)
            .with_context(|| format!("cannot listen on {addr}; {variable} sets another address"))
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Otherwise, connections of the previous process keep the address for a minute.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

impl FromStr for ListenAddr {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        let addr = match text.split_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}").parse(),
            Some(("", port)) => format!("0.0.0.0:{port}").parse(),
            _ => text.parse(),
        };
        addr.map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_an_address_or_localhost_or_missing() {
        for (text, addr) in [
            ("10.0.0.7:80", "10.0.0.7:80"),
            ("localhost:3000", "127.0.0.1:3000"),
            (":3000", "0.0.0.0:3000"),
            ("[::]:3000", "[::]:3000"),
            ("[::1]:0", "[::1]:0"),
        ] {
            assert_eq!(text.parse(), Ok(ListenAddr(addr.parse().unwrap())), "{text}");
        }
        for text in ["", "3000", "localhost", "localhost:", ":", "::3000", "shop:3000", ":65536"] {
            assert!(text.parse::<ListenAddr>().is_err(), "{text}");
        }
    }
}
