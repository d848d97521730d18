//! Ready-made checks, for [`Check::new`](crate::Check::new).
//!
//! | check | passes if |
//! |---|---|
//! | [`tcp`] | a connection is accepted |
//! | `http`, with the feature of that name | the status of a `GET` is from 200 to 399 |
//! | `redis`, with the feature of that name | the server answers `PING` |
//! | [`disk_space`] | enough of a file system is free |
//! | [`memory`] | the working set is within the limit of the cgroup |
//! | [`open_files`] | enough file descriptors are left |
//! | [`scheduling_delay`] | tasks of the runtime are polled in time |
//!
//! A closure that returns a [`CheckState`](crate::CheckState) covers any pool, breaker or handle
//! ([`Check::of_state`](crate::Check::of_state)).

mod blocking;
mod disk_space;
#[cfg(feature = "http")]
mod http;
mod memory;
mod open_files;
#[cfg(feature = "redis")]
pub mod redis;
mod scheduling_delay;
mod tcp;
mod usage;

#[cfg(feature = "http")]
pub use self::http::{Http, http};
pub use self::{
    disk_space::{DiskSpace, disk_space},
    memory::{Memory, memory},
    open_files::{OpenFiles, open_files},
    scheduling_delay::scheduling_delay,
    tcp::{Tcp, tcp},
};
