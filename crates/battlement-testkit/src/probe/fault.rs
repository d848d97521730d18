/// A caller's violation of tower's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The caller called an instance that was not polled ready since its last call.
    CalledUnready,
    /// The caller polled a future after its completion.
    PolledAfterEnd,
}
