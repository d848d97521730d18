use super::fixed::fixed;

fixed! {
    /// `Origin-Agent-Cluster`: whether the origin asks for a process of its own.
    OriginAgentCluster for OriginAgentCluster {
        /// The origin asks for a process.
        On = "?1",
        /// The origin does not ask for a process.
        Off = "?0",
    }
}
