//! The time limits of a connection.

mod stall;
mod timers;

pub(crate) use self::{
    stall::WriteStall,
    timers::{Due, Timers},
};
