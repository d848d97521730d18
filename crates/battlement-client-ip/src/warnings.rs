use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use battlement_core::{LogLimit, UnknownClient};
use http::{HeaderMap, HeaderName, header};
use tracing::warn;

use crate::{forwarding::X_FORWARDED_FOR, resolver::ForwardingError};

/// The period in which faults of proxies are logged at most once.
const PERIOD: Duration = Duration::from_secs(60);

/// The warnings of a layer: faults of the setup are logged once, faults of proxies at most once a minute. A client's
/// text is never logged.
#[derive(Debug)]
pub(crate) struct Warnings {
    malformed: AtomicU64,
    malformed_limit: LogLimit,
    no_proxy_limit: LogLimit,
    no_peer_limit: LogLimit,
    untrusted_socket_limit: LogLimit,
    missing_header_limit: LogLimit,
}

impl Warnings {
    pub(crate) fn new() -> Self {
        Self {
            malformed: AtomicU64::new(0),
            malformed_limit: LogLimit::per(PERIOD),
            no_proxy_limit: LogLimit::once(),
            no_peer_limit: LogLimit::once(),
            untrusted_socket_limit: LogLimit::once(),
            missing_header_limit: LogLimit::once(),
        }
    }

    /// Returns the number of requests with a malformed header.
    pub(crate) fn malformed_count(&self) -> u64 {
        self.malformed.load(Relaxed)
    }

    /// Counts a malformed header of a trusted proxy, and logs it within the limit.
    #[cold]
    pub(crate) fn malformed(
        &self,
        error: ForwardingError,
        header: &HeaderName,
        peer: Option<IpAddr>,
    ) {
        self.malformed.fetch_add(1, Relaxed);
        if let Some(suppressed) = self.malformed_limit.admit() {
            warn!(
                %header, ?peer, requests = suppressed + 1,
                "cannot determine the client address from the header of a trusted proxy: {error}"
            );
        }
    }

    /// Logs the first forwarding header that arrives while no proxy is trusted.
    pub(crate) fn no_proxy_is_trusted(&self, headers: &HeaderMap) {
        if self.no_proxy_limit.is_spent() {
            return;
        }
        let names = [X_FORWARDED_FOR, header::FORWARDED];
        let header = names.into_iter().find(|name| headers.contains_key(name));
        if let Some(header) = header
            && self.no_proxy_limit.admit().is_some()
        {
            warn!(
                %header,
                "a request has a forwarding header and no proxy is trusted, so clients behind a proxy share its \
                 address; configure your proxies, as in \
                 ClientIpLayer::behind(Proxies::networks([..]), Forwarding::x_forwarded_for())"
            );
        }
    }

    /// Logs the first request without any address, for each reason.
    #[cold]
    pub(crate) fn no_address(&self, reason: &UnknownClient) {
        let limit = match reason {
            UnknownClient::UntrustedSocket => &self.untrusted_socket_limit,
            UnknownClient::HeaderMissing(_) => &self.missing_header_limit,
            // An entry that is not an address is logged as malformed, and one that is hidden is intended.
            UnknownClient::HeaderUnusable(_) => return,
            _ => &self.no_peer_limit,
        };
        if limit.admit().is_some() {
            warn!("{reason}");
        }
    }
}
