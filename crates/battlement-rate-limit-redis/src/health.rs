//! Whether Redis makes decisions, as probes show, and what follows for requests.

mod probe;
mod supervisor;

pub(crate) use self::supervisor::supervise;
