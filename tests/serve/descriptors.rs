//! The descriptor limit of the test, which holds both ends of many connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to at least this number, if the system allows it.
pub(crate) fn allow(least: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < least) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(least), maximum }).unwrap();
    }
}
