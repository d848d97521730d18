//! The parts of a store in another process that do not depend on its protocol.

mod deadline;
mod deny_cache;
mod fallback;
mod identity_hasher;
mod on_failure;
#[cfg(feature = "serde")]
mod settings;
mod share;

pub(crate) use self::{
    deadline::until, deny_cache::DenyCache, fallback::Fallback, identity_hasher::IdentityHasher,
};
pub use self::{on_failure::OnFailure, share::Share};
