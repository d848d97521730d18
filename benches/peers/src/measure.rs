//! The means of measurements of whole servers: pinned cores, CPU time, and medians.

pub(crate) mod cores;
pub(crate) mod cpu;
pub(crate) mod median;
