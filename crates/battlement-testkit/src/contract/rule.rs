use super::{
    applied, body, drops, errors, head, panics, polls, readiness,
    subject::{Check, Make},
    unread,
};

/// Defines each rule once: its name, its promise and its check.
macro_rules! rules {
    ($($rule:ident: $promise:literal by $check:path,)+) => {
        /// A rule of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("Promise: ", $promise, ".")] $rule,)+
        }

        impl Rule {
            /// All rules, in the order of their checks.
            pub const ALL: &[Self] = &[$(Self::$rule,)+];

            /// Returns the promise of a layer that satisfies this rule.
            #[must_use]
            pub const fn promise(self) -> &'static str {
                match self {
                    $(Self::$rule => $promise,)+
                }
            }

            pub(super) async fn check(self, make: Make<'_>) -> Check {
                match self {
                    $(Self::$rule => $check(make).await,)+
                }
            }
        }
    };
}

rules! {
    ReadySpentOnce: "a call is made only on an instance that was polled ready since its last call"
        by readiness::spent_once,
    Backpressure: "while the service is not ready, the layer is not ready either, and readiness wakes the caller"
        by readiness::backpressure,
    NothingReserved: "a layer that was polled ready but not called holds nothing"
        by readiness::reserves_nothing,
    CloneStartsUnready: "a clone does not inherit readiness"
        by readiness::clone_starts_unready,
    ReadyErrorKept: "an error of poll_ready is returned unchanged"
        by errors::readiness_error,
    CallErrorKept: "an error of a call is returned unchanged"
        by errors::call_error,
    BodyErrorKept: "an error of a body is returned unchanged, after the frames before it"
        by errors::body_error,
    DroppedUnpolled: "a call dropped before its first poll releases everything it holds"
        by drops::unpolled,
    DroppedInFlight: "a call dropped while the service handles it releases everything it holds"
        by drops::in_flight,
    DroppedBeforeBody: "a call dropped after the response head releases everything it holds"
        by drops::before_body,
    DroppedMidBody: "a call dropped within the response body releases everything it holds"
        by drops::mid_body,
    BodyEnds: "a call whose body was read to its end releases everything it holds"
        by drops::body_ends,
    BodyFails: "a call whose body failed releases everything it holds"
        by drops::body_fails,
    BodyNotNeeded: "a call whose body is not polled to its end (HEAD, 204, content-length) releases everything it holds"
        by drops::body_not_needed,
    CallFails: "a call that failed releases everything it holds"
        by drops::call_fails,
    CallPanics: "a call that panicked before it returned a future releases everything it holds"
        by panics::in_call,
    FuturePanics: "a call whose future panicked releases everything it holds"
        by panics::in_future,
    BodyPanics: "a call whose body panicked releases everything it holds"
        by panics::in_body,
    ClonedPerConnection: "clones share the layer's state"
        by applied::cloned_per_connection,
    AppliedPerRequest: "services that the layer creates for each request share the layer's state"
        by applied::per_request,
    RequestPasses: "the whole request reaches the service"
        by head::request_passes,
    ResponsePasses: "status, version, headers and extensions of the response reach the caller"
        by head::response_passes,
    BodyPasses: "all frames and trailers of the response reach the caller"
        by body::passes,
    SizeHintExact: "size_hint and is_end_stream always match those of the service's body"
        by body::hints_are_exact,
    WakesPropagate: "a wake of the service's future or body wakes the caller"
        by polls::wakes_propagate,
    PolledOnDemand: "the service is polled at most as often as the caller polls, and never after completion"
        by polls::on_demand,
    UnreadBodyCloses: "a response of the layer's own over HTTP/1 has `connection: close` if it may leave a declared body of more than 8 KiB or of unknown length unread, and no other response has it"
        by unread::body_closes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_docs_names_every_rule_and_its_promise() {
        let docs = include_str!("../contract.rs");
        for rule in Rule::ALL {
            let row = format!("//! | [`{rule:?}`](Rule::{rule:?}) | {} |", rule.promise());
            assert!(docs.contains(&row), "{row}");
        }
    }
}
