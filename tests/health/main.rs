//! The real storefront, whose probes are asked as the kubelet asks them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod kubelet;
mod probe;
mod shop;
mod shutdown;
mod upstreams;
