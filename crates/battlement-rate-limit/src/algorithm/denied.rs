/// A denied cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Nanoseconds until the cost would be allowed; `None` if it never is.
    pub(crate) wait: Option<u64>,
}
