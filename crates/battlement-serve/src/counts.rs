//! The connections that are open, in total and per client.

mod clients;
mod sync;
mod total;

#[cfg(all(test, battlement_loom))]
mod model;

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{IpKey, Peer};

use self::{clients::Clients, total::Total};
use crate::{Limits, Refusal};

/// The number of open connections, within its limits.
#[derive(Debug)]
pub(crate) struct Counts {
    total: Total,
    /// Absent without a limit per client, so that no lock is taken.
    clients: Option<Clients>,
    /// The number of leading bits of an IPv6 address that identify a client.
    ipv6_prefix: u8,
}

/// A place in the total, before the client is known. Dropping the place releases it.
#[derive(Debug)]
pub(crate) struct Place(Arc<Counts>);

/// A counted connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    place: Place,
    client: Option<IpKey>,
}

impl Counts {
    /// Creates counts of no connections, with a limit of `total` and the limit per client of `limits`.
    pub(crate) fn new(total: usize, limits: &Limits) -> Self {
        let clients = limits.connections_per_client.map(Clients::new);
        Self { total: Total::new(total), clients, ipv6_prefix: limits.ipv6_prefix }
    }

    /// Waits until the total allows another connection.
    ///
    /// An accept loop holds a place only during a poll, so that a loop that waits for a connection does not take the
    /// last place from a loop that has one.
    pub(crate) fn poll_place(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Place> {
        self.total.poll_enter(cx).map(|()| Place(Arc::clone(self)))
    }

    /// Returns the number of open connections.
    #[cfg(test)]
    fn open(&self) -> usize {
        self.total.open()
    }
}

impl Place {
    /// Counts a connection of `peer`. A peer over a Unix socket has no limit of its own.
    ///
    /// # Errors
    ///
    /// Returns the reason if the client has reached its limit of connections.
    pub(crate) fn admit(self, peer: Peer) -> Result<Permit, Refusal> {
        let Some(clients) = &self.0.clients else {
            return Ok(Permit { place: self, client: None });
        };
        let client = peer.addr().map(|addr| IpKey::of(addr.ip(), self.0.ipv6_prefix));
        match client {
            Some(key) if !clients.enter(key) => Err(Refusal::ClientLimit),
            _ => Ok(Permit { place: self, client }),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.total.leave();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let (Some(clients), Some(key)) = (&self.place.0.clients, self.client) {
            clients.leave(key);
        }
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::{net::SocketAddr, task::Waker};

    use super::*;

    fn peer(last: u8) -> Peer {
        Peer::Addr(SocketAddr::from(([192, 0, 2, last], 1_234)))
    }

    fn place(counts: &Arc<Counts>) -> Option<Place> {
        match counts.poll_place(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place),
            Poll::Pending => None,
        }
    }

    fn admit(counts: &Arc<Counts>, peer: Peer) -> Result<Permit, Refusal> {
        place(counts).expect("there is room").admit(peer)
    }

    #[test]
    fn a_full_server_has_room_again_when_a_connection_closes() {
        let counts = Arc::new(Counts::new(2, &Limits::new()));
        let first = admit(&counts, peer(1)).unwrap();
        let second = place(&counts).unwrap();
        assert!(place(&counts).is_none());
        drop(first);
        assert!(place(&counts).is_some(), "a place that is not used is given back");
        let _first = place(&counts).unwrap();
        assert!(place(&counts).is_none());
        drop(second);
        assert_eq!(counts.open(), 1);
    }

    #[test]
    fn a_client_at_its_limit_is_refused_and_others_are_not() {
        let counts = Arc::new(Counts::new(10, &Limits::new().connections_per_client(2)));
        let first = admit(&counts, peer(1)).unwrap();
        let _second = admit(&counts, peer(1)).unwrap();
        assert_eq!(admit(&counts, peer(1)).unwrap_err(), Refusal::ClientLimit);
        let _other = admit(&counts, peer(2)).unwrap();
        assert_eq!(counts.open(), 3, "a refused connection is not counted");
        drop(first);
        let _third = admit(&counts, peer(1)).unwrap();
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_one_client() {
        let counts = Arc::new(Counts::new(10, &Limits::new().connections_per_client(1)));
        let peer = |ip: &str| Peer::Addr(SocketAddr::new(ip.parse().unwrap(), 1_234));
        let _first = admit(&counts, peer("2001:db8:1:2::3")).unwrap();
        assert!(admit(&counts, peer("2001:db8:1:2:3:4:5:6")).is_err());
        let _other = admit(&counts, peer("2001:db8:1:3::3")).unwrap();
    }

    #[test]
    fn a_connection_over_a_unix_socket_has_no_client() {
        let counts = Arc::new(Counts::new(10, &Limits::new().connections_per_client(1)));
        let permits: Vec<_> = (0..10).map(|_| admit(&counts, Peer::Unix).unwrap()).collect();
        assert!(place(&counts).is_none());
        assert_eq!(permits.len(), 10);
    }

    #[test]
    fn connections_of_many_threads_never_exceed_a_limit_and_all_are_given_back() {
        let counts = Arc::new(Counts::new(3, &Limits::new().connections_per_client(2)));
        std::thread::scope(|scope| {
            for nth in 0..4 {
                let counts = &counts;
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        let permit = place(counts).map(|place| place.admit(peer(nth % 2)));
                        assert!(counts.open() <= 3);
                        drop(permit);
                    }
                });
            }
        });
        assert_eq!(counts.open(), 0);
        assert!(counts.clients.as_ref().unwrap().is_empty());
    }
}
