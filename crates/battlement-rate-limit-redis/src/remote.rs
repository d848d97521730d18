mod breaker;
mod probe;
mod state;
mod supervisor;

pub use self::state::State;
pub(crate) use self::{breaker::Breaker, probe::Probe, supervisor::supervise};
