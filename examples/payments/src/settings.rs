use crate::{KeyLimits, PerMinute, TrustedPeers};

/// The settings of the service. The defaults are those of the program.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The requests of one client address.
    pub per_minute: PerMinute,
    /// The callers whose timeout header is read.
    pub trusted_peers: TrustedPeers,
    /// The keys of requests that are remembered.
    pub keys: KeyLimits,
    /// Whether operators may let charges fail.
    pub faults: bool,
}
