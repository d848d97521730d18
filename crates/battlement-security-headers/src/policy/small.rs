use super::fixed::fixed;

fixed! {
    /// `X-Content-Type-Options`: whether a browser may guess the type of an answer.
    ContentTypeOptions for ContentTypeOptions {
        /// It may not.
        NoSniff = "nosniff",
    }

    /// `X-DNS-Prefetch-Control`: whether a browser looks up the hosts of links before they are followed.
    DnsPrefetch for DnsPrefetchControl {
        /// It does not.
        Off = "off",
        /// It does, which tells a name server what a user looks at.
        On = "on",
    }

    /// `X-Download-Options`, for Internet Explorer 8.
    DownloadOptions for DownloadOptions {
        /// A download is not opened in the site's context.
        NoOpen = "noopen",
    }

    /// `X-Frame-Options`: who may frame the page, for browsers without `frame-ancestors`.
    FrameOptions for FrameOptions {
        /// Nobody.
        Deny = "DENY",
        /// Pages of the same origin.
        SameOrigin = "SAMEORIGIN",
    }

    /// `X-Permitted-Cross-Domain-Policies`, for Adobe's clients.
    CrossDomainPolicies for PermittedCrossDomainPolicies {
        /// No policy file holds.
        None = "none",
        /// Only the one at the root.
        MasterOnly = "master-only",
        /// Those served as `text/x-cross-domain-policy`.
        ByContentType = "by-content-type",
        /// All.
        All = "all",
    }

    /// `X-XSS-Protection`: the filter of old browsers, which could be turned against a page.
    XssProtection for XssProtection {
        /// Off.
        Off = "0",
    }

    /// `Origin-Agent-Cluster`: whether the origin asks for a process of its own.
    OriginAgentCluster for OriginAgentCluster {
        /// It does.
        On = "?1",
        /// It does not.
        Off = "?0",
    }
}
