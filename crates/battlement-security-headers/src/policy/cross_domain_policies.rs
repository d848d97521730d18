use super::fixed::fixed;

fixed! {
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
}
