//! The fronts of the instances: load balancers, or the addresses that old and new instances share.

use std::net::{SocketAddr, TcpListener};

use battlement_testkit::{balancer::Balancer, client::Http1};
use http::StatusCode;

use crate::{
    haproxy::Haproxy,
    ports::{Ports, Slot},
};

/// A kind of front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The load balancer of the testkit.
    Testkit,
    /// HAProxy.
    Haproxy,
    /// A listener of this process, which each instance gets as systemd passes it.
    HandedOver,
    /// An address that each instance binds with `SO_REUSEPORT`.
    ReusePort {
        /// The value of `net.ipv4.tcp_migrate_req`.
        migrate: bool,
    },
}

/// A front that is ready for callers.
#[derive(Debug)]
pub(crate) enum Front {
    Testkit(Balancer),
    Haproxy(Haproxy),
    HandedOver(TcpListener),
    ReusePort { addr: SocketAddr, migrate: bool },
}

impl Kind {
    pub(crate) const BALANCERS: &[Self] = &[Self::Testkit, Self::Haproxy];
    pub(crate) const SHARED_ADDRESSES: &[Self] =
        &[Self::HandedOver, Self::ReusePort { migrate: true }, Self::ReusePort { migrate: false }];
}

impl Front {
    pub(crate) async fn start(kind: Kind, slots: &mut [Slot; 2], ports: &mut Ports) -> Self {
        match kind {
            Kind::Testkit => {
                let balancer = Balancer::start("/readyz", []).await.unwrap();
                slots.iter().for_each(|slot| balancer.add_with_admin(slot.addr, slot.admin));
                Self::Testkit(balancer)
            }
            Kind::Haproxy => Self::Haproxy(Haproxy::start(*slots, ports)),
            Kind::HandedOver => Self::HandedOver(TcpListener::bind(ports.addr()).unwrap()),
            Kind::ReusePort { migrate } => {
                let addr = slots[0].addr;
                slots[1].addr = addr;
                Self::ReusePort { addr, migrate }
            }
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Testkit(_) => "testkit",
            Self::Haproxy(_) => "HAProxy",
            Self::HandedOver(_) => "handed-over listener",
            Self::ReusePort { migrate: true, .. } => "SO_REUSEPORT, tcp_migrate_req=1",
            Self::ReusePort { migrate: false, .. } => "SO_REUSEPORT, tcp_migrate_req=0",
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        match self {
            Self::Testkit(balancer) => balancer.addr(),
            Self::Haproxy(haproxy) => haproxy.addr(),
            Self::HandedOver(listener) => listener.local_addr().unwrap(),
            Self::ReusePort { addr, .. } => *addr,
        }
    }

    /// Returns the listener that each instance gets.
    pub(crate) fn listener(&self) -> Option<TcpListener> {
        match self {
            Self::HandedOver(listener) => Some(listener.try_clone().unwrap()),
            _ => None,
        }
    }

    /// Returns whether callers reach the instance.
    pub(crate) async fn is_up(&self, slot: Slot) -> bool {
        match self {
            Self::Testkit(balancer) => balancer.is_ready(slot.addr),
            Self::Haproxy(haproxy) => haproxy.is_up(slot.addr).await,
            Self::HandedOver(_) | Self::ReusePort { .. } => is_ready(slot.admin).await,
        }
    }
}

async fn is_ready(admin: SocketAddr) -> bool {
    let Ok(mut client) = Http1::connect(admin).await else { return false };
    client.get("/readyz").await.is_ok_and(|response| response.status == StatusCode::OK)
}
