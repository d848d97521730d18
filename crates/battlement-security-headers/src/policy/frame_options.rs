use super::fixed::fixed;

fixed! {
    /// `X-Frame-Options`: the pages that may frame the page, for browsers without `frame-ancestors`.
    FrameOptions for FrameOptions {
        /// No page.
        Deny = "DENY",
        /// Pages of the same origin.
        SameOrigin = "SAMEORIGIN",
    }
}
