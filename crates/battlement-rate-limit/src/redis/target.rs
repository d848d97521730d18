use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    connection::{Changed, Dial, Endpoint, Node},
    link::{Link, Single},
    tls::{Certificates, Tls},
};
use crate::InvalidField;

/// Where Redis is.
pub(super) trait Target: Send + Sync {
    /// Returns the number of parts that may fail on their own.
    fn groups(&self) -> u16;

    /// Reads the URLs.
    fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidField>;

    /// Returns the connections to these servers, none of which is made yet.
    fn link(&self, endpoints: &[Endpoint], dial: Arc<Dial>, changed: Changed) -> Box<dyn Link>;
}

/// All that is needed to connect, checked.
pub(super) struct Plan {
    target: Arc<dyn Target>,
    endpoints: Vec<Endpoint>,
    tls: Tls,
    limit: Duration,
}

impl Plan {
    /// Returns the plan by which connections are made, none of which takes longer than `limit`.
    pub(super) fn new(
        target: Arc<dyn Target>,
        certificates: Certificates,
        limit: Duration,
    ) -> Result<Self, InvalidField> {
        let endpoints = target.endpoints()?;
        if let Some(setting) = certificates.setting()
            && !endpoints.iter().all(Endpoint::is_tls)
        {
            let message = format!("must begin with rediss:// where `{setting}` is set");
            return Err(InvalidField::new("url", message));
        }
        Ok(Self { target, endpoints, tls: Tls::new(certificates)?, limit })
    }

    pub(super) fn groups(&self) -> usize {
        self.target.groups().into()
    }

    /// Returns connections of their own. Times are compared with `began`.
    pub(super) fn link(&self, began: Instant, changed: Changed) -> Box<dyn Link> {
        let dial = Dial::new(self.tls.clone(), self.limit, began);
        self.target.link(&self.endpoints, Arc::new(dial), changed)
    }
}

/// One server, by its URL.
pub(super) struct Server(pub(super) String);

impl Target for Server {
    fn groups(&self) -> u16 {
        1
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidField> {
        Ok(vec![Endpoint::of_url("url", &self.0)?])
    }

    fn link(&self, endpoints: &[Endpoint], dial: Arc<Dial>, changed: Changed) -> Box<dyn Link> {
        let [endpoint, ..] = endpoints else { unreachable!("one URL, one server") };
        Box::new(Single(Node::new(endpoint.clone(), dial, changed)))
    }
}
