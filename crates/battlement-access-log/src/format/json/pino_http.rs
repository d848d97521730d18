use tracing::Level;

use super::{headers, object::Object, peer, sizes, target, trace};
use crate::{event::message, record::Record, time::Time};

/// Writes the fields with the names of pino-http.
pub(super) fn write(record: &Record<'_>, at: Time, object: &mut Object) {
    object.number("level", level(record.level));
    object.number("time", at.epoch_millis);
    object.open("req");
    if let Some(id) = record.request_id() {
        object.text("id", id.as_bytes());
    }
    object.text("method", record.method().as_bytes());
    object.text("url", target(record).as_bytes());
    object.open("headers");
    headers(record, object, "", &[]);
    object.close();
    peer(record, object, "remoteAddress", "remotePort");
    object.close();
    object.open("res");
    if let Some(status) = record.status() {
        object.number("statusCode", status.as_u16());
    }
    object.close();
    object.millis("responseTime", record.duration);
    object.word("msg", message(record));
    object.word("network.protocol.version", record.protocol());
    if let Some(client) = record.client_ip() {
        object.display("client.address", client);
    }
    sizes(record, object, "http.response.body.size", "http.request.body.size");
    trace(record, object, "trace_id", "span_id");
}

/// Returns the number of a level of pino.
const fn level(level: Level) -> u8 {
    match level {
        Level::ERROR => 50,
        Level::WARN => 40,
        Level::INFO => 30,
        Level::DEBUG => 20,
        _ => 10,
    }
}
