use std::sync::Arc;

use redis::Value;

use crate::{
    connection::{Address, Node, slot::SLOTS},
    fault::Redirect,
};

/// The assignment of slots to nodes.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) nodes: Vec<Arc<Node>>,
    /// The index of the node of each slot, or [`NONE`].
    slots: Box<[u16]>,
}

const NONE: u16 = u16::MAX;

impl Table {
    /// Creates a table in which no slot has a node.
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), slots: vec![NONE; SLOTS.into()].into() }
    }

    /// Returns the node of a slot.
    pub(super) fn node(&self, slot: u16) -> Option<&Arc<Node>> {
        self.nodes.get(usize::from(*self.slots.get(usize::from(slot))?))
    }

    /// Returns the node at an address.
    pub(super) fn at(&self, address: &Address) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|node| node.endpoint.address == *address)
    }

    /// Returns the same table with a node that has no slots.
    pub(super) fn with(&self, node: &Arc<Node>) -> Self {
        let nodes = self.nodes.iter().chain([node]).cloned().collect();
        Self { nodes, slots: self.slots.clone() }
    }

    /// Assigns slots to a node.
    pub(super) fn give(&mut self, first: u16, last: u16, node: &Arc<Node>) {
        let known = self.nodes.iter().position(|other| Arc::ptr_eq(other, node));
        let index = known.unwrap_or_else(|| {
            self.nodes.push(Arc::clone(node));
            self.nodes.len() - 1
        });
        if let Some(slots) = self.slots.get_mut(first.into()..=last.into()) {
            slots.fill(u16::try_from(index).unwrap_or(NONE));
        }
    }

    /// Returns the address of a redirection. An omitted host is that of the node that redirects.
    pub(super) fn address(&self, to: &Redirect) -> Option<Address> {
        let host = match (to.host.as_str(), self.node(to.slot).map(|node| &node.endpoint.address)) {
            ("", Some(Address::Tcp { host, .. })) => host.clone(),
            ("", _) => return None,
            (host, _) => host.to_owned(),
        };
        Some(Address::Tcp { host, port: to.port })
    }
}

/// A range of slots, with the address of their primary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) address: Address,
}

/// Reads the reply of the node at `host` to `CLUSTER SLOTS`. Ranges that cannot be read are skipped.
pub(super) fn ranges(reply: &Value, host: &str) -> Vec<Range> {
    let Value::Array(ranges) = reply else { return Vec::new() };
    ranges.iter().filter_map(|range| read(range, host)).collect()
}

fn read(range: &Value, host: &str) -> Option<Range> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = parts.as_slice() else {
        return None;
    };
    let [name, Value::Int(port), ..] = primary.as_slice() else { return None };
    let name = match name {
        Value::BulkString(name) => std::str::from_utf8(name).ok()?,
        Value::Nil => "",
        _ => return None,
    };
    // A node that does not know its own name has the host that it was reached at.
    let host = if name.is_empty() { host } else { name };
    // A node that prefers a host name, and has none configured.
    if host == "?" {
        return None;
    }
    let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
    let address = Address::Tcp { host: host.to_owned(), port: u16::try_from(*port).ok()? };
    (first <= last && last < SLOTS).then_some(Range { first, last, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: &str, port: i64) -> Value {
        Value::Array(vec![Value::BulkString(host.into()), Value::Int(port), Value::Nil])
    }

    fn range(first: i64, last: i64, primary: Value) -> Value {
        Value::Array(vec![Value::Int(first), Value::Int(last), primary, node("replica", 1)])
    }

    #[test]
    fn slots_are_read_with_their_primaries() {
        let unnamed = Value::Array(vec![Value::Nil, Value::Int(7003)]);
        let reply = Value::Array(vec![
            range(0, 5, node("10.0.0.1", 7001)),
            range(6, 9, node("", 7002)),
            range(10, 16_383, unnamed),
        ]);
        let expected =
            [(0, 5, "10.0.0.1", 7001), (6, 9, "asked", 7002), (10, 16_383, "asked", 7003)];
        let expected = expected.map(|(first, last, host, port)| Range {
            first,
            last,
            address: Address::Tcp { host: host.to_owned(), port },
        });
        assert_eq!(ranges(&reply, "asked"), expected);
    }

    #[test]
    fn ranges_that_cannot_be_read_are_left_out() {
        let reply = Value::Array(vec![
            range(0, 16_384, node("a", 1)),
            range(9, 8, node("a", 1)),
            range(-1, 8, node("a", 1)),
            range(0, 8, node("a", 70_000)),
            range(0, 8, node("?", 1)),
            range(0, 8, Value::Nil),
            Value::Int(1),
        ]);
        assert_eq!(ranges(&reply, "asked"), []);
        assert_eq!(ranges(&Value::Nil, "asked"), []);
    }
}
