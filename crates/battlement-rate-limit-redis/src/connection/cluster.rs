//! A cluster, where each slot may be on a node of its own.

mod link;
mod table;

use std::sync::Arc;

use battlement_core::InvalidField;

use self::link::Cluster;
use super::{Dial, Endpoint, OnChange, link::Link, target::Target};

/// Nodes of a cluster by their URLs; the other nodes are discovered through them.
pub(crate) struct Nodes(pub(crate) Vec<String>);

/// Returns the cluster of the nodes at `urls`.
#[cfg(feature = "serde")]
#[expect(clippy::unnecessary_wraps, reason = "it fails where clusters are not built in")]
pub(crate) fn target(urls: Vec<String>) -> Result<Nodes, InvalidField> {
    Ok(Nodes(urls))
}

/// The number of groups, large enough that an unavailable node affects few slots of other nodes.
const GROUPS: u16 = 128;

const NODES: &str =
    "must contain at least one URL of a node, all with the same user, password and use of TLS";
const DATABASE: &str = "must not select a database other than 0, the only one of a cluster";

impl Target for Nodes {
    fn groups(&self) -> u16 {
        GROUPS
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, InvalidField> {
        let read =
            |(index, url): (usize, &String)| Endpoint::of_url(&format!("urls[{index}]"), url);
        let endpoints = self.0.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let first = endpoints.first().ok_or_else(|| InvalidField::new("urls", NODES))?;
        if !endpoints.iter().all(|endpoint| first.is_alike(endpoint)) {
            return Err(InvalidField::new("urls", NODES));
        }
        if first.has_database() {
            return Err(InvalidField::new("urls", DATABASE));
        }
        Ok(endpoints)
    }

    fn link(&self, endpoints: &[Endpoint], dial: Arc<Dial>, changed: OnChange) -> Box<dyn Link> {
        Box::new(Cluster::new(endpoints, dial, changed))
    }
}

/// Reads a value as the slots of a cluster.
#[cfg(fuzzing)]
pub(crate) fn fuzz(value: &redis::Value) {
    drop(table::ranges(value, "host"));
}
