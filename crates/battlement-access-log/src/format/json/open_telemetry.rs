use super::{headers, object::Object, peer, sizes, trace};
use crate::{event::message, record::Record, time::Time};

/// Writes the fields with the names of OpenTelemetry, as in the event.
pub(super) fn write(record: &Record<'_>, at: Time, object: &mut Object) {
    object.time("timestamp", at);
    object.word("level", record.level.as_str());
    object.word("message", message(record));
    object.text("http.request.method", record.method().as_bytes());
    object.text("url.path", record.path().as_bytes());
    if let Some(query) = record.query() {
        object.text("url.query", query.as_bytes());
    }
    object.word("network.protocol.version", record.protocol());
    peer(record, object, "network.peer.address", "network.peer.port");
    if let Some(client) = record.client_ip() {
        object.display("client.address", client);
    }
    if let Some(status) = record.status() {
        object.number("http.response.status_code", status.as_u16());
    }
    object.millis("duration_ms", record.duration);
    sizes(record, object, "http.response.body.size", "http.request.body.size");
    headers(record, object, "http.request.header.", &[]);
    if let Some(id) = record.request_id() {
        object.text("request_id", id.as_bytes());
    }
    trace(record, object, "trace_id", "span_id");
}
