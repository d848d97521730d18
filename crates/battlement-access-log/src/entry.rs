use std::{sync::Arc, time::Duration};

use battlement_core::{
    CallFacts, CorrelationId, DropReason, ErrorType, GrpcCode, MethodKind, RejectionKind,
    RequestFacts, RequestId, Trace, WebTrailers,
};
use http::StatusCode;
use tokio::time::Instant;

use crate::{Outcome, config::Config, head::Head, route::RouteSettings};

/// The facts about a request whose record may be written.
pub(crate) struct Entry {
    pub(crate) config: Arc<Config>,
    pub(crate) origin: Origin,
    pub(crate) head: Head,
    pub(crate) is_grpc: bool,
    /// Whether [`Skip`](crate::Skip) concerns the request.
    pub(crate) is_skipped: bool,
    /// Whether the outcome is final.
    pub(crate) is_ended: bool,
    /// Whether a record was written at the head of the response.
    pub(crate) has_head_record: bool,
    /// Whether another protocol took over the connection.
    pub(crate) is_upgrade: bool,
    pub(crate) status: Option<StatusCode>,
    pub(crate) grpc_status: Option<GrpcCode>,
    pub(crate) error: ErrorType,
    pub(crate) rejection: Option<RejectionKind>,
    /// The time from the start to the head of the response.
    pub(crate) first_byte: Option<Duration>,
    /// The time spent in the service: in its call, its future and its body.
    pub(crate) busy: Duration,
    /// The start of the poll that runs.
    pub(crate) running_since: Option<Instant>,
    pub(crate) bytes_out: u64,
    /// Present for a gRPC-Web response whose trailers have not arrived yet.
    pub(crate) web: Option<Box<WebTrailers>>,
}

/// The source of the start and the ids.
pub(crate) enum Origin {
    Request(RequestFacts),
    Call { facts: CallFacts, start: Instant },
}

impl Origin {
    pub(crate) fn start(&self) -> Instant {
        match self {
            Self::Request(facts) => facts.start(),
            Self::Call { start, .. } => *start,
        }
    }

    pub(crate) const fn is_call(&self) -> bool {
        matches!(self, Self::Call { .. })
    }

    pub(crate) fn drop_reason(&self) -> DropReason {
        match self {
            Self::Request(facts) => facts.drop_reason(),
            Self::Call { .. } => DropReason::current().unwrap_or_default(),
        }
    }

    pub(crate) fn id(&self) -> Option<&RequestId> {
        match self {
            Self::Request(facts) => facts.id(),
            Self::Call { facts, .. } => facts.id(),
        }
    }

    pub(crate) fn correlation(&self) -> Option<&CorrelationId> {
        match self {
            Self::Request(facts) => facts.correlation(),
            Self::Call { facts, .. } => facts.correlation(),
        }
    }

    pub(crate) fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Request(facts) => facts.trace(),
            Self::Call { facts, .. } => facts.trace(),
        }
    }

    /// Returns the facts of the request that a server received.
    pub(crate) const fn facts(&self) -> Option<&RequestFacts> {
        match self {
            Self::Request(facts) => Some(facts),
            Self::Call { .. } => None,
        }
    }
}

impl Entry {
    pub(crate) fn new(config: &Arc<Config>, origin: Origin, head: Head) -> Self {
        Self {
            config: Arc::clone(config),
            origin,
            head,
            is_grpc: false,
            is_skipped: false,
            is_ended: false,
            has_head_record: false,
            is_upgrade: false,
            status: None,
            grpc_status: None,
            error: ErrorType::None,
            rejection: None,
            first_byte: None,
            busy: Duration::ZERO,
            running_since: None,
            bytes_out: 0,
            web: None,
        }
    }

    pub(crate) fn method(&self) -> MethodKind {
        MethodKind::of(&self.head.method)
    }

    /// Returns the settings of the request's route.
    pub(crate) fn route_settings(&self) -> Option<&RouteSettings> {
        self.origin.facts()?.overridden()
    }

    pub(crate) fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.origin.start())
    }

    /// Ends the poll that runs, if one does.
    pub(crate) fn stop(&mut self, now: Instant) {
        if let Some(since) = self.running_since.take() {
            self.busy += now.saturating_duration_since(since);
        }
    }

    /// Returns the outcome as far as it is known.
    pub(crate) fn outcome(&self) -> Outcome {
        match (self.error, self.status, self.grpc_status) {
            (ErrorType::None, _, Some(GrpcCode::Ok)) => Outcome::Ok,
            (ErrorType::None, _, Some(_)) => Outcome::ClientError,
            (ErrorType::None, Some(status), _) if status.is_client_error() => Outcome::ClientError,
            (ErrorType::None, ..) => Outcome::Ok,
            (ErrorType::Status, _, Some(code)) => Outcome::GrpcStatus(code),
            (ErrorType::Status, Some(status), _) => Outcome::Status(status),
            (error, ..) => Outcome::Failed(error),
        }
    }
}
