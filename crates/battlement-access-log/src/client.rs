//! Records of calls that a client makes.

use std::sync::Arc;

use battlement_core::CallFacts;
use http::Request;
use tokio::time::Instant;

use crate::{
    AccessLogLayer, Client,
    config::Config,
    entry::{Entry, Origin},
    head::Head,
    ticket::Ticket,
};

impl AccessLogLayer {
    /// Creates a layer of a client that calls `service`, which names the service in the records.
    ///
    /// Inside a retry layer it records each attempt, outside of one each call.
    #[must_use]
    pub fn client(service: impl Into<Box<str>>) -> AccessLogLayer<Client> {
        AccessLogLayer::of(Config { client: Some(service.into()), ..Config::default() })
    }
}

impl Ticket {
    /// Opens a ticket for a call of a client.
    #[inline(never)]
    pub(crate) fn of_call<B>(config: &Arc<Config>, request: &Request<B>) -> Self {
        let origin = Origin::Call { facts: CallFacts::of(request), start: Instant::now() };
        let head = Head::of(config, request);
        Self::open(Entry::new(config, origin, head), request.headers())
    }
}
