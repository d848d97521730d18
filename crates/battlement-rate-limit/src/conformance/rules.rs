//! The checks of the rules.

pub(super) mod all_or_none;
pub(super) mod concurrency;
pub(super) mod cost;
pub(super) mod drops;
pub(super) mod expiry;
pub(super) mod peek;
pub(super) mod policy_change;
pub(super) mod refund;
pub(super) mod reset;
