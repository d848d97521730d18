use redis::{Cmd, Value, cluster::ClusterClient, cluster_async::ClusterConnection};

use crate::redis::link::{Boxed, Connect, Fault, Link};

/// Makes connections to a cluster.
pub(super) struct Cluster {
    pub(super) client: ClusterClient,
}

impl Connect for Cluster {
    fn connect(&self) -> Boxed<'_, Result<Box<dyn Link>, Fault>> {
        Box::pin(async move {
            let connection = self.client.get_async_connection().await?;
            Ok(Box::new(connection) as Box<dyn Link>)
        })
    }
}

impl Link for ClusterConnection {
    fn send<'a>(&'a self, cmd: &'a Cmd) -> Boxed<'a, Result<Value, Fault>> {
        let mut connection = self.clone();
        Box::pin(async move { Ok(cmd.query_async(&mut connection).await?) })
    }
}
