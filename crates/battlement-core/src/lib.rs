//! What the battlement layers agree on.
//!
//! Two layers that count, log or retry the same request must not disagree about when it began, whose it
//! is, how it ended and whether it failed. The words for that live here, and nothing else does: a type
//! stands in this crate only if two layers need it and a difference between them would be a bug.
//!
//! An application seldom names this crate. It reads the facts through the layers' re-exports
//! ([`RequestId::of`], [`RequestId::current`]); whoever writes a layer of their own that is to fit in
//! between ours starts here.
//!
//! | word | says | made by |
//! |---|---|---|
//! | [`RequestFacts`] | what is known of a request: start, id, trace, client, route | the outermost server layer |
//! | [`CallFacts`] | what a call to another service carries on | the outermost client layer |
//! | [`Verdict`] | whether a call failed, and how | a [`Classify`] |
//! | [`Ending`] | how a body ended | an [`EndBody`] |
//! | [`Rejection`] | that a layer of ours, not the service, answered | that layer |
//! | [`ConfigError`] | all that is wrong with the settings of a layer | that layer |
//!
//! # Example
//!
//! ```
//! use battlement_core::{Classify, Head, HttpStatus, Judgment, Verdict};
//!
//! let response = http::Response::builder().status(404).body(()).unwrap();
//! // The server did its work: a client that asks for what is not there is no failure of the server.
//! assert_eq!(HttpStatus.head(&Head::of(&response)), Judgment::Now(Verdict::Success));
//! ```
//!
//! # Feature flags
//!
//! - `axum`: extractors for handlers, and the peer's address from axum's `ConnectInfo`
//! - `tonic`: the peer's address from tonic's `TcpConnectInfo`
//! - `serde`: the module `settings`, whose readers name the field of an error and read enums as plain maps in every
//!   format

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
#[cfg(feature = "axum")]
mod axum;
mod call_facts;
mod caller;
mod causes;
mod check_state;
mod classify;
mod client_ip;
mod config_error;
mod content_length;
mod current;
mod drop_reason;
mod end_body;
mod ending;
mod facts;
mod grpc_code;
mod grpc_web;
mod hex;
mod host;
mod ip_key;
mod log_limit;
mod method_kind;
mod networks;
mod peer;
mod phases;
mod rejection;
mod request_head;
mod request_id;
mod request_path;
mod reserved_header;
mod response_body;
mod retry_after;
mod scheme;
#[cfg(feature = "serde")]
pub mod settings;
mod trace;
mod trace_headers;
mod trailers_only;
mod unknown_client;
mod unread;
mod verdict;
mod wire;

#[cfg(feature = "axum")]
pub use self::axum::MissingFact;
pub use self::{
    answer::Answer,
    call_facts::CallFacts,
    caller::Caller,
    causes::{cause, causes},
    check_state::CheckState,
    classify::{Auto, Classify, GrpcStatus, Head, HttpStatus, Judgment},
    client_ip::{ClientIp, Via},
    config_error::{ConfigError, InvalidField},
    content_length::content_length,
    current::within,
    drop_reason::{DropReason, dropping},
    end_body::{BodyKind, EndBody, OnEnd},
    ending::Ending,
    facts::{Ids, RequestFacts},
    grpc_code::GrpcCode,
    grpc_web::WebTrailers,
    hex::hex,
    host::Host,
    ip_key::IpKey,
    log_limit::LogLimit,
    method_kind::MethodKind,
    networks::Networks,
    peer::{Peer, PeerAddr, UnixPeer, peer_addr},
    phases::{Phase, PhaseWriter, Phases},
    rejection::{Rejection, RejectionKind},
    request_head::{RequestHead, matched_path},
    request_id::{CorrelationId, InvalidId, RequestId},
    request_path::check_request_path,
    reserved_header::is_reserved_header,
    response_body::ResponseBody,
    retry_after::RetryAfter,
    scheme::{ConnectionScheme, Scheme},
    trace::{SpanId, Trace, TraceFlags, TraceId, TraceLink},
    trace_headers::TraceHeaders,
    trailers_only::TrailersOnly,
    unknown_client::UnknownClient,
    unread::Unread,
    verdict::{Failure, Verdict},
    wire::Wire,
};
