use super::fixed::fixed;

fixed! {
    /// `X-Content-Type-Options`: whether a browser may guess the type of a response.
    ContentTypeOptions for ContentTypeOptions {
        /// The browser must not guess.
        NoSniff = "nosniff",
    }

    /// `X-DNS-Prefetch-Control`: whether a browser resolves the hosts of links in advance.
    DnsPrefetch for DnsPrefetchControl {
        /// Hosts are not resolved in advance.
        Off = "off",
        /// Hosts are resolved in advance, which discloses to a name server what a user reads.
        On = "on",
    }

    /// `X-Download-Options`, for Internet Explorer 8.
    DownloadOptions for DownloadOptions {
        /// A download is not opened in the site's context.
        NoOpen = "noopen",
    }

    /// `X-Frame-Options`: who may frame the page, for browsers without `frame-ancestors`.
    FrameOptions for FrameOptions {
        /// No page.
        Deny = "DENY",
        /// Pages of the same origin.
        SameOrigin = "SAMEORIGIN",
    }

    /// `X-Permitted-Cross-Domain-Policies`, for Adobe's clients.
    CrossDomainPolicies for PermittedCrossDomainPolicies {
        /// No policy file applies.
        None = "none",
        /// Only the policy file at the root applies.
        MasterOnly = "master-only",
        /// Policy files served as `text/x-cross-domain-policy` apply.
        ByContentType = "by-content-type",
        /// All policy files apply.
        All = "all",
    }

    /// `X-XSS-Protection`: the filter of old browsers, which could be turned against a page.
    XssProtection for XssProtection {
        /// The filter is off.
        Off = "0",
    }

    /// `Origin-Agent-Cluster`: whether the origin asks for a process of its own.
    OriginAgentCluster for OriginAgentCluster {
        /// The origin asks for a process.
        On = "?1",
        /// The origin does not ask for a process.
        Off = "?0",
    }
}
