use super::{
    cluster,
    resp::{Reply, parse},
};
use crate::fault::Fault;

/// Reads bytes as the replies of a server.
pub fn fuzz(mut bytes: &[u8]) {
    while let Ok(Some((reply, length))) = parse(bytes) {
        match reply {
            Reply::Error(line) => drop(Fault::of_line(&line)),
            Reply::Value(value) => cluster::fuzz(&value),
        }
        bytes = &bytes[length..];
    }
}
