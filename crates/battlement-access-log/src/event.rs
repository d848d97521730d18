//! Records as `tracing` events.

use std::{borrow::Cow, time::Duration};

use battlement_core::Peer;
use tracing::{Level, Span};

use crate::{escape::escaped, record::Record, stage::Stage};

/// The target of the events, for filters.
const TARGET: &str = "battlement::access";

/// Returns whether a subscriber takes events of `level`.
#[inline]
pub(crate) fn is_enabled(level: Level) -> bool {
    match level {
        Level::ERROR => tracing::event_enabled!(target: TARGET, Level::ERROR),
        Level::WARN => tracing::event_enabled!(target: TARGET, Level::WARN),
        Level::INFO => tracing::event_enabled!(target: TARGET, Level::INFO),
        Level::DEBUG => tracing::event_enabled!(target: TARGET, Level::DEBUG),
        _ => tracing::event_enabled!(target: TARGET, Level::TRACE),
    }
}

/// The values of an event, escaped.
struct Fields<'a> {
    message: &'static str,
    ids: Option<&'a Record<'a>>,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    query: Option<Cow<'a, str>>,
    route: Option<Cow<'a, str>>,
    grpc_method: Option<Cow<'a, str>>,
    peer: Option<(String, u16)>,
    client: Option<String>,
    headers: Option<String>,
    trace: Option<(String, String)>,
}

impl<'a> Fields<'a> {
    fn of(record: &'a Record<'a>) -> Self {
        let longest = record.longest();
        let escape = |text: &'a str| escaped(text.as_bytes(), longest);
        let ids = (!is_in_request_span()).then_some(record);
        Self {
            message: message(record),
            ids,
            method: escape(record.method()),
            path: escape(record.path()),
            query: record.query().map(escape),
            route: record.route().map(escape),
            grpc_method: record.grpc_method().map(escape),
            peer: record
                .peer()
                .and_then(Peer::addr)
                .map(|peer| (peer.ip().to_canonical().to_string(), peer.port())),
            client: record.client_ip().map(|ip| ip.to_string()),
            headers: headers(record, longest),
            trace: ids
                .and_then(Record::trace)
                .map(|(trace, span)| (trace.to_string(), span.to_string())),
        }
    }
}

macro_rules! emit {
    ($level:expr, $record:expr, $fields:expr) => {{
        let (record, fields): (&Record<'_>, &Fields<'_>) = ($record, $fields);
        tracing::event!(
            target: TARGET,
            $level,
            message = fields.message,
            outcome = record.outcome().word(),
            stage = record.stage.word(),
            http.request.method = &*fields.method,
            http.route = fields.route.as_deref(),
            url.path = &*fields.path,
            url.query = fields.query.as_deref(),
            url.scheme = record.scheme().map(|scheme| scheme.as_str()),
            network.protocol.version = record.protocol(),
            network.peer.address = fields.peer.as_ref().map(|(address, _)| &**address),
            network.peer.port = fields.peer.as_ref().map(|(_, port)| port),
            client.address = fields.client.as_deref(),
            server.address = record.called(),
            http.response.status_code = record.status().map(|status| status.as_u16()),
            rpc.method = fields.grpc_method.as_deref(),
            rpc.status_code = record.grpc_status().map(|code| code.name()),
            rejection = record.rejection().map(|kind| kind.as_str()),
            duration_ms = millis(record.duration),
            first_byte_ms = record.first_byte().map(millis),
            busy_ms = millis(record.busy()),
            http.response.body.size = record.bytes_out(),
            http.request.body.size = record.bytes_in(),
            http.request.headers = fields.headers.as_deref(),
            request_id = fields.ids.and_then(Record::request_id),
            correlation_id = fields.ids.and_then(Record::correlation_id),
            trace_id = fields.trace.as_ref().map(|(trace, _)| &**trace),
            span_id = fields.trace.as_ref().map(|(_, span)| &**span),
            attempt = record.attempt(),
            sample_weight = (record.weight > 1).then(|| record.weight),
        );
    }};
}

/// Emits a record as an event of its level.
pub(crate) fn emit(record: &Record<'_>) {
    let fields = &Fields::of(record);
    match record.level {
        Level::ERROR => emit!(Level::ERROR, record, fields),
        Level::WARN => emit!(Level::WARN, record, fields),
        Level::INFO => emit!(Level::INFO, record, fields),
        Level::DEBUG => emit!(Level::DEBUG, record, fields),
        _ => emit!(Level::TRACE, record, fields),
    }
}

pub(crate) fn message(record: &Record<'_>) -> &'static str {
    match record.stage {
        Stage::Received => "request received",
        Stage::Head => "response started",
        Stage::End => "stream ended",
        Stage::Complete if record.called().is_some() => "call completed",
        Stage::Complete => "request completed",
    }
}

/// Returns whether the current span already has the ids of the request: that of battlement's request id layer.
fn is_in_request_span() -> bool {
    let is_of_request =
        |span: &'static tracing::Metadata<'static>| span.target() == "battlement::request";
    Span::current().metadata().is_some_and(is_of_request)
}

/// Returns the logged headers as `name: value`, separated by `; `.
fn headers(record: &Record<'_>, longest: usize) -> Option<String> {
    let mut text = String::new();
    for (name, value) in record.headers() {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(name.as_str());
        text.push_str(": ");
        text.push_str(&escaped(value.as_bytes(), longest));
    }
    (!text.is_empty()).then_some(text)
}

/// Returns milliseconds with a resolution of one microsecond.
fn millis(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros());
    micros.map_or_else(|_| duration.as_secs_f64() * 1e3, |micros| f64::from(micros) / 1e3)
}
