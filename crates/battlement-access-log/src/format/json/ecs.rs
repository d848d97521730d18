use tracing::Level;

use super::{apart, headers, object::Object, peer, sizes, trace};
use crate::{event::message, record::Record, time::Time};

/// The headers with a name of their own.
const APART: [(&str, &str); 2] =
    [("user-agent", "user_agent.original"), ("referer", "http.request.referrer")];

/// Writes the fields with the names of the Elastic Common Schema.
pub(super) fn write(record: &Record<'_>, at: Time, object: &mut Object) {
    object.time("@timestamp", at);
    object.word("log.level", level(record.level));
    object.word("message", message(record));
    object.word("ecs.version", "8.11.0");
    object.word("event.outcome", if record.outcome().is_failure() { "failure" } else { "success" });
    object.number("event.duration", u64::try_from(record.duration.as_nanos()).unwrap_or(u64::MAX));
    object.text("http.request.method", record.method().as_bytes());
    object.text("url.path", record.path().as_bytes());
    if let Some(query) = record.query() {
        object.text("url.query", query.as_bytes());
    }
    object.word("http.version", record.protocol());
    let is_call = record.called().is_some();
    let side =
        if is_call { ["destination.ip", "destination.port"] } else { ["source.ip", "source.port"] };
    peer(record, object, side[0], side[1]);
    if let Some(client) = record.client_ip() {
        object.display("client.ip", client);
    }
    if let Some(status) = record.status() {
        object.number("http.response.status_code", status.as_u16());
    }
    sizes(record, object, "http.response.body.bytes", "http.request.body.bytes");
    apart(record, object, &APART);
    headers(record, object, "http.request.headers.", &APART);
    if let Some(id) = record.request_id() {
        object.text("http.request.id", id.as_bytes());
    }
    trace(record, object, "trace.id", "span.id");
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        _ => "trace",
    }
}
