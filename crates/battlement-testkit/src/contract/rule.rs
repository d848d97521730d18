use super::{
    applied, body, drops, errors, head, panics, polls, readiness,
    subject::{Make, Told},
    unread,
};

/// Writes each rule once: its name, its promise, and what checks it.
macro_rules! rules {
    ($($rule:ident: $promise:literal by $check:path,)+) => {
        /// One promise of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("The promise: ", $promise, ".")] $rule,)+
        }

        impl Rule {
            /// All rules, in the order they are checked in.
            pub const ALL: &[Self] = &[$(Self::$rule,)+];

            /// What a layer that keeps this rule promises, in words.
            #[must_use]
            pub const fn promise(self) -> &'static str {
                match self {
                    $(Self::$rule => $promise,)+
                }
            }

            pub(super) async fn check(self, make: Make<'_>) -> Told {
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
    Backpressure: "while the service is not ready, neither is the layer, and readiness wakes the caller"
        by readiness::backpressure,
    NothingReserved: "a layer that was polled ready and left alone holds nothing"
        by readiness::nothing_reserved,
    CloneStartsUnready: "a clone does not inherit readiness"
        by readiness::clone_starts_unready,
    ReadyErrorKept: "an error of poll_ready comes out as it is"
        by errors::of_readiness,
    CallErrorKept: "an error of a call comes out as it is"
        by errors::of_call,
    BodyErrorKept: "an error of a body comes out as it is, after the frames before it"
        by errors::of_body,
    DroppedUnpolled: "a call dropped before its first poll leaves nothing behind"
        by drops::unpolled,
    DroppedInFlight: "a call dropped while the service works leaves nothing behind"
        by drops::in_flight,
    DroppedBeforeBody: "a call dropped after the head leaves nothing behind"
        by drops::before_body,
    DroppedMidBody: "a call dropped within the body leaves nothing behind"
        by drops::mid_body,
    BodyRunsOut: "a call whose body was read to its end leaves nothing behind"
        by drops::body_runs_out,
    BodyFails: "a call whose body failed leaves nothing behind"
        by drops::body_fails,
    BodyNotNeeded: "a call whose body is not polled to its end (HEAD, 204, content-length) leaves nothing behind"
        by drops::body_not_needed,
    CallFails: "a call that failed leaves nothing behind"
        by drops::call_fails,
    CallPanics: "a call that panicked before there was a future leaves nothing behind"
        by panics::in_call,
    FuturePanics: "a call whose future panicked leaves nothing behind"
        by panics::in_future,
    BodyPanics: "a call whose body panicked leaves nothing behind"
        by panics::in_body,
    ClonedPerConnection: "clones share the layer's state"
        by applied::cloned_per_connection,
    AppliedPerRequest: "services that the layer makes for each request share the layer's state"
        by applied::per_request,
    RequestPasses: "the whole request reaches the service"
        by head::request_passes,
    ResponsePasses: "status, version, headers and extensions of the response come out"
        by head::response_passes,
    BodyPasses: "all frames and trailers of the response come out"
        by body::passes,
    SizeHintExact: "size_hint and is_end_stream always say what those of the service's body say"
        by body::hints_are_exact,
    WakesReach: "what wakes the service's future or body wakes the caller"
        by polls::wakes_reach,
    PolledAsAsked: "the service is polled at most as often as the caller polls, and never after its end"
        by polls::as_asked,
    UnreadBodyCloses: "an answer of the layer's own over HTTP/1 announces that the connection closes if it may leave a declared body of more than 8 KiB or of unknown length unread, and no other answer does"
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
