//! tonic's own client against the gRPC health protocol, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod drain;
mod limits;
mod list;
mod mounted;
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    unnameable_types,
    unreachable_pub,
    unused,
    unused_qualifications,
    reason = "generated"
)]
mod proto;
mod site;
mod slow;
mod watch;

pub(crate) const ORDERS: &str = "shop.v1.Orders";
