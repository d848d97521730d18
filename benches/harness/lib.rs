//! A harness that measures the cost of a layer, used by `compare` and by the criterion benchmarks.
//!
//! A [`Case`] is a service without and with a layer. Each figure is the cost that the layer adds per request:
//! time from alternating batches, instructions from callgrind, allocations from a counting allocator.

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
    machine::describe_machine,
    peers::run_peers,
};

/// A cost per request: of the service without the layer, and the part that the layer adds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    base: f64,
    added: f64,
}
