/// What a caller did that tower forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It called an instance that had not been polled ready since its last call.
    CalledUnready,
    /// It polled a future that was done.
    PolledAfterEnd,
}
