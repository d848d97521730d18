//! The expected end of each behavior.

use battlement_core::{Failure, Pushback, Verdict};
use battlement_testkit::upstream::{Behavior, Break, Counts, Upstream};

use crate::{
    STREAM, WAIT,
    judge::{At, Outcome, settled},
};

/// The protocol of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    Grpc,
}

/// Asserts that a call ended as `behavior` says, that the upstream has counted it so, and that it is judged as not
/// processed only if the upstream has not received it.
pub(crate) async fn check(
    upstream: &Upstream,
    protocol: Protocol,
    behavior: Behavior,
    outcome: Outcome,
) {
    let counts = settled(upstream).await;
    let context = format!("{behavior} over {protocol:?}: {outcome:?}, {counts:?}");
    let expected = expected(protocol, behavior);
    assert_eq!(outcome, expected, "{context}");
    let (received, processed) = work(behavior);
    assert_eq!((counts.received, counts.processed), (received, processed), "{context}");
    assert_eq!(counts.refused, 1 - received, "{context}");
    assert_consistent(counts, outcome, &context);
}

fn assert_consistent(counts: Counts, outcome: Outcome, context: &str) {
    let is_not_processed =
        matches!(outcome, Outcome::Judged(Verdict::Failure(Failure::NotProcessed), _));
    assert!(!is_not_processed || counts.received == 0, "{context}");
}

/// Returns the numbers of received and processed requests.
fn work(behavior: Behavior) -> (u64, u64) {
    match behavior {
        Behavior::GoAway | Behavior::RefuseStream => (0, 0),
        Behavior::Error
        | Behavior::Overloaded(_)
        | Behavior::FailTrailers
        | Behavior::UnavailableTrailers
        | Behavior::Hang => (1, 0),
        _ => (1, 1),
    }
}

/// Returns the correct outcome.
fn expected(protocol: Protocol, behavior: Behavior) -> Outcome {
    use Failure::{NotProcessed, Overload, Server, Transport};
    let fails = |failure, at| Outcome::Judged(Verdict::Failure(failure), at);
    let is_grpc = protocol == Protocol::Grpc;
    match behavior {
        Behavior::Answer | Behavior::Late(_) | Behavior::Drip(_) | STREAM => {
            Outcome::Judged(Verdict::Success, At::End)
        }
        Behavior::Error => fails(Server, At::End),
        Behavior::Overloaded(_) => {
            fails(Overload { pushback: Some(Pushback::Wait(WAIT)) }, At::End)
        }
        Behavior::ResetHead => fails(Transport, At::Error),
        Behavior::ResetBody => fails(Transport, At::Body),
        // A gRPC stream that ends without trailers is complete, and has no status.
        Behavior::Truncate if is_grpc => fails(Server, At::End),
        Behavior::Truncate => fails(Transport, At::Body),
        // A connection that closes without a response says nothing about the request.
        Behavior::GoAway | Behavior::RefuseStream if protocol == Protocol::Http1 => {
            fails(Transport, At::Error)
        }
        Behavior::GoAway | Behavior::RefuseStream => fails(NotProcessed, At::Error),
        Behavior::FailTrailers if is_grpc => fails(Server, At::End),
        Behavior::UnavailableTrailers if is_grpc => fails(Overload { pushback: None }, At::End),
        // Plain HTTP has no status in its trailers.
        Behavior::FailTrailers | Behavior::UnavailableTrailers => {
            Outcome::Judged(Verdict::Success, At::End)
        }
        Behavior::Hang => Outcome::GaveUp,
        Behavior::BrokenStream { by, .. } => broken(protocol, by),
        _ => unreachable!("a behavior has no expectation"),
    }
}

/// Returns the correct outcome of a stream that breaks.
fn broken(protocol: Protocol, by: Break) -> Outcome {
    let fails = |failure, at| Outcome::Judged(Verdict::Failure(failure), at);
    match (by, protocol) {
        (Break::Hang, _) => Outcome::GaveUp,
        (Break::FailTrailers | Break::Truncate, Protocol::Grpc) => fails(Failure::Server, At::End),
        // A stream over HTTP/2 without a length is complete when it ends, and plain HTTP has no status in its trailers.
        (Break::FailTrailers, _) | (Break::Truncate, Protocol::Http2) => {
            Outcome::Judged(Verdict::Success, At::End)
        }
        _ => fails(Failure::Transport, At::Body),
    }
}
