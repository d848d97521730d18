use battlement_core::Peer;
use tracing::Level;

use super::{apart, headers, object::Object, peer, target, trace};
use crate::{event::message, record::Record, time::Time};

/// The headers with a name of their own.
const APART: [(&str, &str); 2] = [("user-agent", "userAgent"), ("referer", "referer")];

/// Writes the fields with the names of Google Cloud's `LogEntry`.
pub(super) fn write(record: &Record<'_>, at: Time, object: &mut Object) {
    object.time("time", at);
    object.word("severity", severity(record.level));
    object.word("message", message(record));
    object.open("httpRequest");
    http_request(record, object);
    object.close();
    peer(record, object, "network.peer.address", "network.peer.port");
    if let Some(client) = record.client_ip() {
        object.display("client.address", client);
    }
    headers(record, object, "http.request.header.", &APART);
    if let Some(id) = record.request_id() {
        object.text("request_id", id.as_bytes());
    }
    trace(record, object, "logging.googleapis.com/trace", "logging.googleapis.com/spanId");
    if let Some(trace) = record.entry.origin.trace() {
        object.bool("logging.googleapis.com/trace_sampled", trace.flags.is_sampled());
    }
}

/// Writes the members of `httpRequest`. Sizes are strings, as in the JSON form of all 64-bit numbers of protobuf.
fn http_request(record: &Record<'_>, object: &mut Object) {
    object.text("requestMethod", record.method().as_bytes());
    object.text("requestUrl", target(record).as_bytes());
    if let Some(bytes) = record.bytes_in() {
        object.display("requestSize", bytes);
    }
    if let Some(status) = record.status() {
        object.number("status", status.as_u16());
    }
    object.display("responseSize", record.bytes_out());
    apart(record, object, &APART);
    let of_peer = || record.peer().and_then(Peer::addr).map(|peer| peer.ip().to_canonical());
    if let Some(ip) = record.client_ip().or_else(of_peer) {
        object.display("remoteIp", ip);
    }
    let latency = record.duration;
    object.display("latency", format_args!("{}.{:09}s", latency.as_secs(), latency.subsec_nanos()));
    object.display("protocol", format_args!("HTTP/{}", record.protocol()));
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}
