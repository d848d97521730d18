//! A cluster, where each slot may be on a node of its own.

mod link;

use std::time::Duration;

use redis::{
    ConnectionInfo,
    cluster::{ClusterClient, ClusterClientBuilder},
    io::tcp::TcpSettings,
};

use self::link::Cluster;
#[cfg(feature = "serde")]
use super::Builder;
use super::{
    link::Connect,
    target::{Target, info},
    tls,
};
use crate::InvalidField;

/// Some nodes of a cluster, by their URLs; the others are found through them.
pub(super) struct Nodes(pub(super) Vec<String>);

/// What `urls` are the nodes of.
#[cfg(feature = "serde")]
#[expect(clippy::unnecessary_wraps, reason = "it is none where clusters are not built in")]
pub(super) fn builder(urls: Vec<String>) -> Result<Builder, InvalidField> {
    Ok(Builder::new(Nodes(urls)))
}

/// Enough that a node that is away takes few slots of others with it.
const GROUPS: u16 = 128;

impl Target for Nodes {
    fn groups(&self) -> u16 {
        GROUPS
    }

    fn connector(
        &self,
        most: Duration,
        roots: Option<&[u8]>,
    ) -> Result<Box<dyn Connect>, InvalidField> {
        let read = |(index, url): (usize, &String)| info(&format!("urls[{index}]"), url);
        let nodes = self.0.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        // What the client does by itself must not charge twice: it sends nothing again. And it waits for no
        // node so long that the others would have to.
        let builder = ClusterClient::builder(nodes.clone())
            .retries(0)
            .connection_timeout(most)
            .response_timeout(most)
            .overall_response_timeout(Some(most))
            .tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = secured(builder, &nodes, roots)?
            .build()
            .map_err(|_| InvalidField::new("urls", NODES))?;
        Ok(Box::new(Cluster { client }))
    }
}

const NODES: &str =
    "must be at least one node of a cluster, all with the same user, password and TLS";

fn secured(
    builder: ClusterClientBuilder,
    nodes: &[ConnectionInfo],
    roots: Option<&[u8]>,
) -> Result<ClusterClientBuilder, InvalidField> {
    for node in nodes {
        // Says what is wrong, and sees to it that TLS can be spoken.
        tls::client(node.clone(), roots)?;
    }
    Ok(tls::cluster(builder, roots))
}
