use std::{sync::Arc, time::Duration};

use battlement_core::InvalidField;

use super::{
    Dial, Endpoint, Epoch, Node, OnChange,
    link::{Link, SingleServer},
    tls::{Certificates, Tls},
};

/// The kind of deployment: a single server or a cluster.
pub(crate) trait Target: Send + Sync {
    /// Returns the number of groups of slots that fail independently.
    fn groups(&self) -> u16;

    /// Reads the URLs.
    fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidField>;

    /// Returns a link to these servers, without connecting.
    fn link(&self, endpoints: &[Endpoint], dial: Arc<Dial>, changed: OnChange) -> Box<dyn Link>;
}

/// The checked settings of connections.
pub(crate) struct Plan {
    target: Arc<dyn Target>,
    endpoints: Vec<Endpoint>,
    tls: Tls,
    limit: Duration,
}

impl Plan {
    /// Checks the settings of connections. Making a connection takes no longer than `limit`.
    pub(crate) fn new(
        target: Arc<dyn Target>,
        certificates: Certificates,
        limit: Duration,
    ) -> Result<Self, InvalidField> {
        let endpoints = target.endpoints()?;
        if let Some(setting) = certificates.setting()
            && !endpoints.iter().all(Endpoint::is_tls)
        {
            let message = format!("must begin with rediss:// if `{setting}` is set");
            return Err(InvalidField::new("url", message));
        }
        Ok(Self { target, endpoints, tls: Tls::new(certificates)?, limit })
    }

    pub(crate) fn groups(&self) -> usize {
        self.target.groups().into()
    }

    /// Creates a link with its own connections. Times are relative to `epoch`.
    pub(crate) fn link(&self, epoch: Epoch, changed: OnChange) -> Box<dyn Link> {
        let dial = Dial::new(self.tls.clone(), self.limit, epoch);
        self.target.link(&self.endpoints, Arc::new(dial), changed)
    }
}

/// A single server, by its URL.
pub(crate) struct Server(pub(crate) String);

impl Target for Server {
    fn groups(&self) -> u16 {
        1
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidField> {
        Ok(vec![Endpoint::of_url("url", &self.0)?])
    }

    fn link(&self, endpoints: &[Endpoint], dial: Arc<Dial>, changed: OnChange) -> Box<dyn Link> {
        let [endpoint, ..] = endpoints else { unreachable!("a single server has one endpoint") };
        Box::new(SingleServer(Node::new(endpoint.clone(), dial, changed)))
    }
}
