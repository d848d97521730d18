//! In the place of TLS where it is not built in.

use redis::{Client, ConnectionInfo};

use crate::InvalidField;

pub(super) const IS_BUILT_IN: bool = false;

pub(super) fn client(info: ConnectionInfo, roots: Option<&[u8]>) -> Result<Client, InvalidField> {
    if roots.is_some() {
        return Err(InvalidField::new("root_certificates", "needs the feature redis-tls"));
    }
    Client::open(info).map_err(|_| InvalidField::new("url", "is none of Redis"))
}

/// The same for all nodes of a cluster.
#[cfg(feature = "redis-cluster")]
pub(super) fn cluster(
    builder: redis::cluster::ClusterClientBuilder,
    _: Option<&[u8]>,
) -> redis::cluster::ClusterClientBuilder {
    builder
}
