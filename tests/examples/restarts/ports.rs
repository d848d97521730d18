use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the ports from which the system takes those of clients: a client whose port is that of a server under restart
/// would connect to itself, or keep the server from binding it.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Free ports for servers, none of which is returned twice.
#[derive(Debug, Default)]
pub(crate) struct Ports(u16);

/// The addresses of an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) addr: SocketAddr,
    /// The listener for operators, which answers `/readyz`.
    pub(crate) admin: SocketAddr,
}

impl Ports {
    pub(crate) fn slot(&mut self) -> Slot {
        Slot { addr: self.addr(), admin: self.addr() }
    }

    pub(crate) fn addr(&mut self) -> SocketAddr {
        let free = RANGE.skip(self.0.into()).find(|port| is_free(*port));
        let port = free.expect("a port is free");
        self.0 = port + 1 - RANGE.start;
        (Ipv4Addr::LOCALHOST, port).into()
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
