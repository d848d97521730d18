/// What applies to a request that has no key.
///
/// It is told once in the log, with what to do about it, and to an [`Observe`](crate::Observe) each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Missing {
    /// All such requests share one key. The default: where nobody can be told apart the service is
    /// protected all the same, and does not fail.
    #[default]
    Shared,
    /// It is turned away, with 429 and without the name of a policy: none was exceeded.
    Deny,
    /// It is not limited.
    Skip,
}
