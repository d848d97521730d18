//! The reasons a command fails, with a text and a fix for each.

mod refusal;
mod unreachable;

use std::fmt;

use battlement_rate_limit::StoreError;

pub(crate) use self::{refusal::Refusal, unreachable::Unreachable};

/// The reason a command failed. Its text is safe to log: it contains no address, password or key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closed before the command was written, so that the command may be sent again.
    Unsent,
    /// The circuit breaker is open, and the command was not sent.
    Unavailable,
    /// The connection closed after the command was written, and before its reply.
    Broken,
    /// The reply did not arrive in time.
    Late,
    /// The server does not have the script.
    NoScript,
    /// Another node serves the slot.
    Moved(Redirect),
    /// Another node serves the keys, whose slot migrates.
    Ask(Redirect),
    /// The keys of the command are on two nodes while their slot migrates.
    TryAgain,
    /// The server is a node of a cluster, and the client was created for a single server.
    ClusterNode,
    /// The server replied with an error.
    Refused(Refusal),
    /// There is no connection.
    Unreachable(Unreachable),
    /// The reply is not one of the script's.
    Malformed,
}

/// The target of a redirection within a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) slot: u16,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Fault {
    /// Reads the line of an error reply.
    pub(crate) fn of_line(line: &str) -> Self {
        let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
        match code {
            "NOSCRIPT" => Self::NoScript,
            "TRYAGAIN" => Self::TryAgain,
            // A client for clusters sends only commands about keys of one slot.
            "CROSSSLOT" => Self::ClusterNode,
            "MOVED" => Redirect::read(rest).map_or(Self::Malformed, Self::Moved),
            "ASK" => Redirect::read(rest).map_or(Self::Malformed, Self::Ask),
            _ => Self::Refused(Refusal::of_line(line)),
        }
    }

    /// Returns whether the command was certainly not executed, and can be sent again.
    pub(crate) const fn can_be_sent_again(&self) -> bool {
        matches!(
            self,
            Self::Unsent | Self::NoScript | Self::Moved(_) | Self::Ask(_) | Self::TryAgain
        )
    }

    /// Returns the fix for an operator.
    pub(crate) const fn fix(&self) -> &'static str {
        match self {
            Self::ClusterNode => {
                "connect with `Redis::cluster`, or list the nodes in `url` (feature `redis-cluster`)"
            }
            Self::Unsent | Self::Broken | Self::Unavailable => {
                "check the log of the server, and the idle timeout of proxies in between"
            }
            Self::Late => {
                "check the load of the server and the network in between, or set a longer `deadline`"
            }
            Self::NoScript => "check that `SCRIPT FLUSH` is not run repeatedly",
            Self::Moved(_) | Self::Ask(_) | Self::TryAgain => {
                "wait until the slot has migrated; if the migration does not end, check CLUSTER NODES"
            }
            Self::Refused(refusal) => refusal.fix(),
            Self::Unreachable(unreachable) => unreachable.fix(),
            Self::Malformed => {
                "check that the server is Redis or a compatible one with Lua scripts"
            }
        }
    }

    /// Returns the index of the fault's kind, less than [`KINDS`](Self::KINDS).
    pub(crate) const fn kind(&self) -> usize {
        match self {
            Self::Unsent | Self::Broken | Self::Unavailable => 0,
            Self::Late => 1,
            Self::NoScript => 2,
            Self::Moved(_) | Self::Ask(_) | Self::TryAgain => 3,
            Self::ClusterNode => 4,
            Self::Malformed => 5,
            Self::Refused(refusal) => 6 + refusal.kind(),
            Self::Unreachable(unreachable) => 6 + Refusal::KINDS + unreachable.kind(),
        }
    }

    pub(crate) const KINDS: usize = 6 + Refusal::KINDS + Unreachable::KINDS;
}

impl Redirect {
    /// Parses `3999 127.0.0.1:6381`. The host may be an IPv6 address, or empty for the host of the node that replied.
    fn read(rest: &str) -> Option<Self> {
        let mut words = rest.split_ascii_whitespace();
        let slot = words.next()?.parse().ok()?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        Some(Self { slot, host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent | Self::Broken => f.write_str("the connection closed"),
            Self::Unavailable => f.write_str("the server is unavailable"),
            Self::Late => f.write_str("the server did not answer in time"),
            Self::NoScript => f.write_str("the server lost the script"),
            Self::Moved(_) | Self::Ask(_) | Self::TryAgain => {
                f.write_str("a slot of the cluster is migrating")
            }
            Self::ClusterNode => f.write_str(
                "the server is a node of a Redis Cluster, and the client expects a single server",
            ),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unreachable(unreachable) => unreachable.fmt(f),
            Self::Malformed => f.write_str("the script returned an unexpected reply"),
        }
    }
}

impl From<&Fault> for StoreError {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Late => Self::Timeout,
            Fault::Unavailable | Fault::Unreachable(_) => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_are_read_with_addresses_of_every_form() {
        let redirect = |host: &str| Redirect { slot: 12, host: host.to_owned(), port: 6381 };
        let moved = |line| match Fault::of_line(line) {
            Fault::Moved(redirect) => redirect,
            other => panic!("{other:?}"),
        };
        assert_eq!(moved("MOVED 12 127.0.0.1:6381"), redirect("127.0.0.1"));
        assert_eq!(moved("MOVED 12 ::1:6381"), redirect("::1"));
        assert_eq!(moved("MOVED 12 node.example:6381"), redirect("node.example"));
        assert_eq!(moved("MOVED 12 :6381"), redirect(""));
        assert_eq!(Fault::of_line("ASK 12 h:6381"), Fault::Ask(redirect("h")));
        assert_eq!(Fault::of_line("MOVED 12"), Fault::Malformed);
        assert_eq!(Fault::of_line("TRYAGAIN Multiple keys"), Fault::TryAgain);
        assert_eq!(Fault::of_line("NOSCRIPT No matching script."), Fault::NoScript);
    }

    #[test]
    fn every_fault_has_a_text_a_fix_and_a_number_of_its_own() {
        let refused = Refusal::examples().map(Fault::Refused);
        let unreachable = Unreachable::examples().map(Fault::Unreachable);
        let others = [Fault::Broken, Fault::Late, Fault::NoScript, Fault::TryAgain];
        let others = others.into_iter().chain([Fault::ClusterNode, Fault::Malformed]);
        let all: Vec<_> = others.chain(refused).chain(unreachable).collect();
        let mut numbers: Vec<_> = all.iter().map(Fault::kind).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..Fault::KINDS).collect::<Vec<_>>());
        for fault in all {
            assert!(!fault.to_string().is_empty() && !fault.fix().is_empty(), "{fault:?}");
        }
    }
}
