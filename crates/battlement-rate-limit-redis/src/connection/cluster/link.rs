use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use redis::cmd;
use tokio::{task::JoinSet, time::timeout};

use super::table::{Range, Table, ranges};
use crate::{
    connection::{
        Address, Connection, Dial, Endpoint, Node, OnChange,
        link::{BoxFuture, Link},
    },
    fault::{Fault, Redirect, Unreachable},
};

/// The connections to the nodes of a cluster.
pub(super) struct Cluster {
    /// The nodes that were configured.
    seeds: Vec<Endpoint>,
    dial: Arc<Dial>,
    changed: OnChange,
    table: ArcSwap<Table>,
}

impl Cluster {
    pub(super) fn new(seeds: &[Endpoint], dial: Arc<Dial>, changed: OnChange) -> Self {
        let table = ArcSwap::from_pointee(Table::new());
        Self { seeds: seeds.to_vec(), dial, changed, table }
    }

    fn node(&self, slot: u16) -> Option<Arc<Node>> {
        self.table.load().node(slot).cloned()
    }

    /// Returns the node at an address from `table`, or a new one.
    fn node_at(&self, address: &Address, table: &Table) -> Arc<Node> {
        table
            .at(address)
            .cloned()
            .unwrap_or_else(|| self.new_node(self.seeds[0].at(address.clone())))
    }

    fn new_node(&self, endpoint: Endpoint) -> Arc<Node> {
        Node::new(endpoint, Arc::clone(&self.dial), Arc::clone(&self.changed))
    }

    /// Reads the slots from a connected node, trying one after the other, and then from all other nodes at once.
    async fn slots(&self) -> Result<(Vec<Range>, Vec<Arc<Node>>), Fault> {
        let table = self.table.load_full();
        for node in table.nodes.iter().filter(|node| node.open().is_some()) {
            if let Ok(ranges) = slots_by(node, self.dial.limit).await {
                return Ok((ranges, Vec::new()));
            }
        }
        let seeds = self.seeds.iter().filter(|seed| table.at(&seed.address).is_none());
        let seeds = seeds.map(|seed| self.new_node(seed.clone()));
        let nodes: Vec<_> = table.nodes.iter().cloned().chain(seeds).collect();
        let limit = self.dial.limit;
        let mut asked: JoinSet<_> =
            nodes.iter().cloned().map(|node| async move { slots_by(&node, limit).await }).collect();
        let mut fault = Fault::Unreachable(Unreachable::NoSlots);
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok(Ok(ranges)) => return Ok((ranges, nodes)),
                Ok(Err(other)) => fault = other,
                Err(_) => {}
            }
        }
        Err(fault)
    }
}

/// Reads the slots of all nodes from one node. A connection that no longer answers takes no longer than `limit`.
async fn slots_by(node: &Arc<Node>, limit: Duration) -> Result<Vec<Range>, Fault> {
    let connection = node.connection().await?;
    let mut slots = cmd("CLUSTER");
    slots.arg("SLOTS");
    let reply = timeout(limit, connection.send(slots.get_packed_command())).await;
    let reply = reply.unwrap_or(Err(Fault::Late))?;
    let Address::Tcp { host, .. } = &node.endpoint.address else {
        return Err(Fault::Unreachable(Unreachable::NoSlots));
    };
    match ranges(&reply, host) {
        ranges if ranges.is_empty() => Err(Fault::Unreachable(Unreachable::NoSlots)),
        ranges => Ok(ranges),
    }
}

impl Link for Cluster {
    fn open(&self, slot: u16) -> Option<Arc<Connection>> {
        self.table.load().node(slot)?.open()
    }

    fn connection(&self, slot: u16) -> BoxFuture<'_, Result<Arc<Connection>, Fault>> {
        Box::pin(async move {
            let node = self.node(slot).ok_or(Fault::Unreachable(Unreachable::NoSlots))?;
            node.connection().await
        })
    }

    fn renew(&self, slot: u16) {
        if let Some(node) = self.table.load().node(slot) {
            node.renew();
        }
    }

    fn moved(&self, to: &Redirect) -> Result<(), Fault> {
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            if let Some(address) = table.address(to) {
                let node = self.node_at(&address, &table);
                table.give(to.slot, to.slot, &node);
            }
            table
        });
        Ok(())
    }

    fn redirected(&self, to: &Redirect) -> BoxFuture<'_, Result<Arc<Connection>, Fault>> {
        let table = self.table.load_full();
        let node = table.address(to).map(|address| match table.at(&address) {
            Some(node) => Arc::clone(node),
            // A node without slots, which stays in the table until the slots are read again.
            None => {
                let node = self.node_at(&address, &table);
                self.table.rcu(|table| table.with(&node));
                node
            }
        });
        Box::pin(async move { node.ok_or(Fault::Malformed)?.connection().await })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let (ranges, asked) = self.slots().await?;
            let (mut table, before) = (Table::new(), self.table.load_full());
            for Range { first, last, address } in ranges {
                let asked = asked.iter().find(|node| node.endpoint.address == address);
                let node = before.at(&address).or(asked).or_else(|| table.at(&address)).cloned();
                let node = node.unwrap_or_else(|| self.node_at(&address, &table));
                table.give(first, last, &node);
            }
            self.table.store(Arc::new(table));
            Ok(())
        })
    }
}
