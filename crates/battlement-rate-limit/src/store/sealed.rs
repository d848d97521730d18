/// Seals [`Answer`](crate::Answer): a store cannot bring a type of its own, so the limiter knows all answers.
#[allow(unnameable_types, reason = "it seals a trait")]
pub trait Sealed {}
