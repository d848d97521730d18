#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "http")]
mod accept;
#[cfg(feature = "http")]
mod announce_close;
#[cfg(feature = "http")]
mod answer;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "http")]
mod call_facts;
#[cfg(feature = "http")]
mod caller;
#[cfg(feature = "http")]
mod carry;
mod caught_panic;
mod causes;
mod check_state;
#[cfg(feature = "http")]
mod classify;
#[cfg(feature = "http")]
mod client_ip;
mod config_error;
#[cfg(feature = "http")]
mod content_length;
#[cfg(feature = "http")]
mod current;
mod deadline;
mod drop_reason;
#[cfg(feature = "http")]
mod end_body;
#[cfg(feature = "http")]
mod ending;
mod error_chain;
#[cfg(feature = "http")]
mod error_type;
#[cfg(feature = "http")]
mod facts;
#[cfg(feature = "http")]
mod first_message;
#[cfg(feature = "http")]
mod grpc_code;
#[cfg(feature = "http")]
mod grpc_method;
#[cfg(feature = "http")]
mod grpc_web;
#[cfg(feature = "http")]
mod hex;
#[cfg(feature = "http")]
mod holds;
#[cfg(feature = "http")]
mod host;
#[cfg(feature = "http")]
mod ip_key;
mod jitter;
mod judge;
mod log_limit;
#[cfg(feature = "http")]
mod method_kind;
#[cfg(feature = "http")]
mod moving_deadline;
#[cfg(feature = "http")]
mod networks;
#[cfg(feature = "http")]
mod overrides;
#[cfg(feature = "http")]
mod peer;
mod phases;
mod reject;
mod rejection;
#[cfg(feature = "http")]
mod replay;
#[cfg(feature = "http")]
mod request_head;
#[cfg(feature = "http")]
mod request_id;
#[cfg(feature = "http")]
mod request_path;
#[cfg(feature = "http")]
mod reserved_header;
#[cfg(feature = "http")]
mod response_body;
#[cfg(feature = "http")]
mod retry_after;
#[cfg(feature = "http")]
mod scheme;
mod scoped_value;
#[cfg(feature = "serde")]
pub mod settings;
#[cfg(feature = "http")]
mod stream_kind;
mod timer;
#[cfg(feature = "http")]
mod trace;
#[cfg(feature = "http")]
mod trace_headers;
#[cfg(feature = "http")]
mod trailers_only;
#[cfg(feature = "http")]
mod trusted_peers;
#[cfg(feature = "http")]
mod unknown_client;
#[cfg(feature = "http")]
mod unread;
mod verdict;
#[cfg(feature = "http")]
mod wire;

#[cfg(feature = "axum")]
pub use self::axum::MissingFact;
#[cfg(feature = "tonic")]
pub use self::replay::AsTonic;
#[cfg(feature = "http")]
pub use self::{
    accept::Accept,
    announce_close::announce_close,
    answer::{Answer, push_json},
    call_facts::CallFacts,
    caller::Caller,
    carry::{Carry, carry, carry_fn},
    classify::{Auto, Classify, ErrorsBy, GrpcStatus, Head, HttpStatus, Judgment},
    client_ip::{ClientIp, Via},
    content_length::content_length,
    current::{EnteredFacts, within},
    end_body::{BodyKind, EndBody, OnEnd},
    ending::Ending,
    error_type::ErrorType,
    facts::{Ids, RequestFacts},
    first_message::FirstMessage,
    grpc_code::GrpcCode,
    grpc_method::{grpc_method, is_grpc_name},
    grpc_web::WebTrailers,
    hex::hex,
    holds::Hold,
    host::Host,
    ip_key::IpKey,
    method_kind::MethodKind,
    networks::Networks,
    peer::{Peer, PeerAddr, UnixPeer, peer_addr},
    reject::WithResponse,
    replay::{AsIs, Replay, ReplayBody, ReplayError, SendAs},
    request_head::{RequestHead, matched_path},
    request_id::{CorrelationId, InvalidId, RequestId},
    request_path::check_request_path,
    reserved_header::is_reserved_header,
    response_body::ResponseBody,
    retry_after::RetryAfter,
    scheme::{ConnectionScheme, Scheme},
    stream_kind::StreamKind,
    trace::{SpanId, Trace, TraceFlags, TraceId, TraceLink},
    trace_headers::TraceHeaders,
    trailers_only::TrailersOnly,
    trusted_peers::TrustedPeers,
    unknown_client::UnknownClient,
    unread::Unread,
    wire::Wire,
};
pub use self::{
    caught_panic::{catch_panic, mark_caught_panics, panic_is_caught},
    causes::{cause, causes},
    check_state::CheckState,
    config_error::{ConfigError, InvalidField},
    deadline::{Deadline, EnteredDeadline},
    drop_reason::{DropReason, dropping},
    error_chain::{ErrorChain, JudgeError, was_unsent},
    jitter::{jittered, spread},
    judge::{JudgeResult, judge_boxed_error, judge_error},
    log_limit::LogLimit,
    phases::{Phase, PhaseWriter, Phases},
    reject::{DefaultReject, LocalError, Reject, WithError},
    rejection::{Rejection, RejectionKind},
    timer::Timer,
    verdict::{Failure, Pushback, Verdict},
};
