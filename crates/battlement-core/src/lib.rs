#![doc = include_str!("../README.md")]
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
