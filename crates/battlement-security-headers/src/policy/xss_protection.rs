use super::fixed::fixed;

fixed! {
    /// `X-XSS-Protection`: the filter of old browsers, which could be turned against a page.
    XssProtection for XssProtection {
        /// The filter is off.
        Off = "0",
    }
}
