//! What a layer costs: the parts that `compare` and the curves measure with.
//!
//! A [`Case`] is a service without and with a layer. What a figure says is always what the second adds to
//! the first, per request: time by alternating batches, instructions under callgrind, allocations by a
//! counting allocator.

mod allocations;
mod bare;
mod batch;
mod case;
mod command;
mod compare;
mod instructions;
mod machine;
mod peers;
mod table;
mod time;

pub use self::{
    allocations::print_allocations,
    bare::{Bare, request, request_with},
    batch::Batch,
    case::{Bound, Case, Suite},
    compare::run,
    machine::describe,
    peers::run_peers,
};

/// A count per request: of the service without the layer, and what the layer adds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Added {
    base: f64,
    added: f64,
}
