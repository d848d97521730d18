use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use http::{HeaderMap, HeaderName, header};
use tokio::time::Instant;
use tracing::warn;

use crate::{forwarding::X_FORWARDED_FOR, resolver::Fault};

/// How often what goes on is told.
const EVERY: Duration = Duration::from_secs(60);

/// What is told of requests: mistakes of the set-up once, faults of proxies once a minute, and never what a
/// client wrote.
#[derive(Debug)]
pub(crate) struct Notices {
    made: Instant,
    faults: AtomicU64,
    /// How many of them were told.
    faults_told: AtomicU64,
    /// When to tell again, in milliseconds since this was made.
    next: AtomicU64,
    told_of_no_trust: AtomicBool,
    told_of_no_address: AtomicBool,
}

impl Notices {
    pub(crate) fn new() -> Self {
        Self {
            made: Instant::now(),
            faults: AtomicU64::new(0),
            faults_told: AtomicU64::new(0),
            next: AtomicU64::new(0),
            told_of_no_trust: AtomicBool::new(false),
            told_of_no_address: AtomicBool::new(false),
        }
    }

    /// How many requests had a header with a fault.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Relaxed)
    }

    #[cold]
    pub(crate) fn fault(&self, fault: Fault, header: &HeaderName, peer: Option<IpAddr>) {
        let count = self.faults.fetch_add(1, Relaxed) + 1;
        if !self.is_due() {
            return;
        }
        let since = count - self.faults_told.swap(count, Relaxed);
        warn!(%header, ?peer, requests = since, "a trusted proxy's header names no client: {fault}");
    }

    /// One of those who ask at the same time is told yes.
    fn is_due(&self) -> bool {
        let now = self.made.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let next = self.next.load(Relaxed);
        let after = now.saturating_add(EVERY.as_millis() as u64);
        next <= now && self.next.compare_exchange(next, after, Relaxed, Relaxed).is_ok()
    }

    /// Looks whether a proxy writes to somebody who trusts none.
    pub(crate) fn untrusted(&self, headers: &HeaderMap) {
        if self.told_of_no_trust.load(Relaxed) {
            return;
        }
        let header = [X_FORWARDED_FOR, header::FORWARDED]
            .into_iter()
            .find(|name| headers.contains_key(name));
        if let Some(header) = header
            && !self.told_of_no_trust.swap(true, Relaxed)
        {
            warn!(
                %header,
                "a request has come through a proxy, or pretends to, and no proxy is trusted: every client \
                 behind one has its address. Name your proxies, as in \
                 ClientIpLayer::behind(Proxies::networks([..]), Forwarding::x_forwarded_for())"
            );
        }
    }

    /// Nobody on a request's way has an address.
    #[cold]
    pub(crate) fn nobody(&self, is_unix: bool) {
        if self.told_of_no_address.swap(true, Relaxed) {
            return;
        }
        if is_unix {
            warn!(
                "a request has come over a Unix socket without a client's address: if it is a proxy's, trust \
                 it with Proxies::unix() or or_unix(), and have it write the header"
            );
        } else {
            warn!(
                "the server does not say who is at the other end of a connection: serve axum with \
                 into_make_service_with_connect_info::<SocketAddr>(), or put PeerAddr into extensions"
            );
        }
    }
}
