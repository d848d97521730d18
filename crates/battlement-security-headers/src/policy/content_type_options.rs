use super::fixed::fixed;

fixed! {
    /// `X-Content-Type-Options`: whether a browser may guess the type of a response.
    ContentTypeOptions for ContentTypeOptions {
        /// The browser must not guess.
        NoSniff = "nosniff",
    }
}
