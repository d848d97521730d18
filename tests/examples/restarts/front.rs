//! The load balancers in front of the instances.

use std::net::SocketAddr;

use battlement_testkit::balancer::Balancer;

use crate::{
    haproxy::Haproxy,
    ports::{Ports, Slot},
};

/// A kind of load balancer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Testkit,
    Haproxy,
}

/// A load balancer that polls `/readyz` of both instances.
#[derive(Debug)]
pub(crate) enum Front {
    Testkit(Balancer),
    Haproxy(Haproxy),
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Testkit, Self::Haproxy];
}

impl Front {
    pub(crate) async fn start(kind: Kind, slots: [Slot; 2], ports: &mut Ports) -> Self {
        match kind {
            Kind::Testkit => {
                let balancer = Balancer::start("/readyz", []).await.unwrap();
                slots.iter().for_each(|slot| balancer.add_with_admin(slot.addr, slot.admin));
                Self::Testkit(balancer)
            }
            Kind::Haproxy => Self::Haproxy(Haproxy::start(slots, ports)),
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Testkit(_) => "testkit",
            Self::Haproxy(_) => "HAProxy",
        }
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        match self {
            Self::Testkit(balancer) => balancer.addr(),
            Self::Haproxy(haproxy) => haproxy.addr(),
        }
    }

    /// Returns whether the balancer sends connections to the instance.
    pub(crate) async fn is_up(&self, slot: Slot) -> bool {
        match self {
            Self::Testkit(balancer) => balancer.is_ready(slot.addr),
            Self::Haproxy(haproxy) => haproxy.is_up(slot.addr).await,
        }
    }
}
