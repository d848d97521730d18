/// A caller's violation of tower's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The caller called an instance that was not polled ready since its last call.
    CallWithoutReadiness,
    /// The caller polled a future after its completion.
    PollAfterCompletion,
}
