//! The means of measurements of whole servers: servers in processes of their own, the load that they get over loopback,
//! pinned cores, CPU time, and medians.

pub(crate) mod cores;
pub(crate) mod cpu;
pub(crate) mod load;
pub(crate) mod median;
pub(crate) mod server;
