//! In the place of TLS where it is not built in.

use redis::{Client, ConnectionInfo};

use crate::Mistake;

pub(super) const IS_BUILT_IN: bool = false;

pub(super) fn client(info: ConnectionInfo, roots: Option<&[u8]>) -> Result<Client, Mistake> {
    if roots.is_some() {
        return Err(Mistake::new("root_certificates", "needs the feature redis-tls"));
    }
    Client::open(info).map_err(|_| Mistake::new("url", "is none of Redis"))
}

/// The same for all nodes of a cluster.
#[cfg(feature = "redis-cluster")]
pub(super) fn cluster(
    builder: redis::cluster::ClusterClientBuilder,
    _: Option<&[u8]>,
) -> redis::cluster::ClusterClientBuilder {
    builder
}
