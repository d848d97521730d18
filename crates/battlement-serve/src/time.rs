//! The time limits of a connection: the first request, later heads, idle time, reading, age, and number of requests.
//!
//! The I/O, the requests and the response bodies of a connection write [`Marks`]. Its task looks at them whenever hyper
//! has nothing to do: [`Watch`] decides what is due next, and when, and [`Timers`] waits for that time.

mod held;
mod marks;
mod timers;
mod times;
mod watch;

pub use self::held::HeldData;
pub(crate) use self::{marks::Marks, timers::Timers, watch::Due};
use self::{
    marks::View,
    times::{Times, after},
    watch::Watch,
};

#[cfg(test)]
mod tests;
