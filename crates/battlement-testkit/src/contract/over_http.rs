//! The rules of HTTP services, beyond those of all services.

pub(super) mod body;
pub(super) mod drops;
pub(super) mod errors;
pub(super) mod head;
pub(super) mod panics;
pub(super) mod polls;
mod subject;
mod target;
pub(super) mod unread;

use self::subject::{OuterBody, OuterResponse};
pub(super) use self::{
    subject::{HttpSubject, erase},
    target::HttpTarget,
};
