/// The treatment of a request that has no key.
///
/// The first such request is logged with the fix, and each one is reported to the [`Observe`](crate::Observe)r.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum MissingKey {
    /// All such requests share one key. The default: the service remains protected and does not fail.
    #[default]
    Shared,
    /// The request is rejected with a 429 that names no policy, since none was exceeded.
    Deny,
    /// The request is not limited.
    Skip,
}
