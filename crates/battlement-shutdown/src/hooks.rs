mod registry;
mod run;

pub(crate) use self::{
    registry::{Hook, Hooks},
    run::run,
};

/// The stage of a hook: stages run in this order, and within a stage the hook that was registered last runs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Background work of the service ends: consumers of queues, schedules, leases of a leader.
    Services,
    /// Connections to others are closed: pools of databases, caches, brokers.
    Connections,
    /// Telemetry is sent, and the buffers of logs are written.
    Flush,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 3] = [Self::Services, Self::Connections, Self::Flush];

    /// Returns the value for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Connections => "connections",
            Self::Flush => "flush",
        }
    }
}
