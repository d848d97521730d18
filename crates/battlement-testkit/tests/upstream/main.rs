//! Tests of the upstream: each behavior as the clients of several libraries report it and as core judges it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counts;
mod curl;
mod expect;
mod grpc;
mod hyper;
mod judge;
mod reqwest;
mod text;

use std::time::Duration;

use battlement_testkit::upstream::{Behavior, Break};

/// Longer than anything takes that is not meant to hang, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(20);
/// The time after which a client gives up on a request that hangs.
const PATIENCE: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(5);
const WAIT: Duration = Duration::from_secs(7);

const STREAM: Behavior = Behavior::Stream { events: 3, pause: PAUSE };

const fn broken(by: Break) -> Behavior {
    Behavior::BrokenStream { events: 3, pause: PAUSE, by }
}

/// Returns whether only the client ends a request.
const fn hangs(behavior: Behavior) -> bool {
    matches!(behavior, Behavior::Hang | Behavior::BrokenStream { by: Break::Hang, .. })
}

/// All behaviors that a request can ask for.
const BEHAVIORS: [Behavior; 19] = [
    Behavior::Answer,
    Behavior::Late(LATE),
    Behavior::Drip(PAUSE),
    STREAM,
    Behavior::Error,
    Behavior::Overloaded(WAIT),
    Behavior::ResetHead,
    Behavior::ResetBody,
    Behavior::Truncate,
    Behavior::GoAway,
    Behavior::RefuseStream,
    Behavior::FailTrailers,
    Behavior::UnavailableTrailers,
    broken(Break::FailTrailers),
    broken(Break::ResetStream),
    broken(Break::ResetConnection),
    broken(Break::Truncate),
    broken(Break::Hang),
    Behavior::Hang,
];
