use super::{
    applied, drops, errors, over_http, panics, polls, readiness,
    subject::{Check, Suite},
    values,
};

/// Defines each rule once: its name, its promise, and its check for any service, for HTTP services, or for each.
macro_rules! rules {
    ($($rule:ident: $promise:literal => $($kind:ident $check:path),+;)+) => {
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

            /// Returns whether the rule applies to HTTP services alone.
            #[must_use]
            pub const fn is_http(self) -> bool {
                match self {
                    $(Self::$rule => rules!(@is_http $($kind)+),)+
                }
            }

            pub(super) async fn check(self, suite: Suite<'_>) -> Check {
                match self {
                    $(Self::$rule => rules!(@check suite; $($kind $check),+),)+
                }
            }
        }
    };
    (@is_http http) => { true };
    (@is_http $($other:ident)+) => { false };
    (@check $suite:ident; any $check:path) => { $check(&|| $suite.subject()).await };
    (@check $suite:ident; http $check:path) => {
        match $suite {
            Suite::Http(make) => $check(make).await,
            Suite::Any(_) => Err("the rule applies to HTTP services alone".to_owned()),
        }
    };
    (@check $suite:ident; values $values:path, http $http:path) => {
        match $suite {
            Suite::Any(make) => $values(make).await,
            Suite::Http(make) => $http(make).await,
        }
    };
}

rules! {
    ReadySpentOnce: "a call is made only on an instance that was polled ready since its last call" => any readiness::spent_once;
    Backpressure: "while the service is not ready, the layer is not ready either, and readiness wakes the caller" => any readiness::backpressure;
    NothingReserved: "a layer that was polled ready but not called holds nothing" => any readiness::reserves_nothing;
    CloneStartsUnready: "a clone does not inherit readiness" => any readiness::clone_starts_unready;
    ReadyErrorKept: "an error of poll_ready is returned unchanged" => any errors::readiness_error;
    CallErrorKept: "an error of a call is returned unchanged" => any errors::call_error;
    DroppedUnpolled: "a call dropped before its first poll releases everything it holds" => any drops::unpolled;
    DroppedInFlight: "a call dropped while the service handles it releases everything it holds" => any drops::in_flight;
    ResponseDropped: "a call whose response was dropped releases everything it holds" => any drops::after_response;
    CallFails: "a call that failed releases everything it holds" => any drops::call_fails;
    CallPanics: "a call that panicked before it returned a future releases everything it holds" => any panics::in_call;
    FuturePanics: "a call whose future panicked releases everything it holds" => any panics::in_future;
    ClonedPerConnection: "clones share the layer's state" => any applied::cloned_per_connection;
    AppliedPerRequest: "services that the layer creates for each request share the layer's state" => any applied::per_request;
    RequestPasses: "the whole request reaches the service" => values values::request_passes, http over_http::head::request_passes;
    ResponsePasses: "the response reaches the caller; of HTTP, its status, version, headers and extensions" => values values::response_passes, http over_http::head::response_passes;
    WakesPropagate: "a wake of the service's future wakes the caller" => any polls::wakes_propagate;
    PolledOnDemand: "the service's future is polled at most as often as the caller polls, and never after completion" => any polls::on_demand;
    DroppedBeforeBody: "a call dropped after the response head releases everything it holds" => http over_http::drops::before_body;
    DroppedMidBody: "a call dropped within the response body releases everything it holds" => http over_http::drops::mid_body;
    BodyEnds: "a call whose body was read to its end releases everything it holds" => http over_http::drops::body_ends;
    BodyFails: "a call whose body failed releases everything it holds" => http over_http::drops::body_fails;
    BodyNotNeeded: "a call whose body is not polled to its end (HEAD, 204, content-length) releases everything it holds" => http over_http::drops::body_not_needed;
    BodyPanics: "a call whose body panicked releases everything it holds" => http over_http::panics::in_body;
    BodyErrorKept: "an error of a body is returned unchanged, after the frames before it" => http over_http::errors::body_error;
    BodyPasses: "all frames and trailers of the response reach the caller" => http over_http::body::passes;
    SizeHintExact: "size_hint and is_end_stream always match those of the service's body" => http over_http::body::hints_are_exact;
    BodyWakesPropagate: "a wake of the service's body wakes the caller" => http over_http::polls::wakes_propagate;
    BodyPolledOnDemand: "the service's body is polled at most as often as the caller polls" => http over_http::polls::on_demand;
    UnreadBodyCloses: "a response of the layer's own over HTTP/1 has `connection: close` if it may leave a declared body of more than 8 KiB or of unknown length unread, and no other response has it" => http over_http::unread::body_closes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_docs_names_every_rule_and_its_promise() {
        let docs = include_str!("../contract.rs");
        for rule in Rule::ALL {
            let row = format!("//! | [`{rule:?}`](Rule::{rule:?}) | {} |\n", rule.promise());
            assert!(docs.contains(&row), "{row}");
            let is_below = docs.find(&row) > docs.find("//! HTTP services alone:");
            assert_eq!(is_below, rule.is_http(), "{row} is in the wrong table");
        }
    }
}
