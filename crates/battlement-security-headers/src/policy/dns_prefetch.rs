use super::fixed::fixed;

fixed! {
    /// `X-DNS-Prefetch-Control`: whether a browser resolves the hosts of links in advance.
    DnsPrefetch for DnsPrefetchControl {
        /// Hosts are not resolved in advance.
        Off = "off",
        /// Hosts are resolved in advance, which discloses to a name server what a user reads.
        On = "on",
    }
}
