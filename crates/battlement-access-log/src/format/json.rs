use battlement_core::Peer;

use self::object::Object;
use crate::{Names, record::Record, time::Time};

mod ecs;
mod google_cloud;
mod object;
mod open_telemetry;
mod pino_http;

/// Returns `record` as a JSON object.
pub(super) fn line(names: Names, record: &Record<'_>, at: Time) -> String {
    let mut object = Object::new(record.longest());
    match names {
        Names::OpenTelemetry => open_telemetry::write(record, at, &mut object),
        Names::Ecs => ecs::write(record, at, &mut object),
        Names::GoogleCloud => google_cloud::write(record, at, &mut object),
        Names::PinoHttp => pino_http::write(record, at, &mut object),
    }
    common(record, &mut object);
    object.finish()
}

/// Writes the fields that have the same name in every preset.
fn common(record: &Record<'_>, object: &mut Object) {
    object.word("outcome", record.outcome().word());
    if let Some(stage) = record.stage.word() {
        object.word("stage", stage);
    }
    if let Some(route) = record.route() {
        object.text("http.route", route.as_bytes());
    }
    if let Some(scheme) = record.scheme() {
        object.word("url.scheme", scheme.as_str());
    }
    if let Some(service) = record.called() {
        object.text("server.address", service.as_bytes());
    }
    if record.entry.is_grpc {
        grpc(record, object);
    }
    if let Some(kind) = record.rejection() {
        object.word("rejection", kind.as_str());
    }
    if let Some(time) = record.first_byte() {
        object.millis("first_byte_ms", time);
    }
    object.millis("busy_ms", record.busy());
    if let Some(id) = record.correlation_id() {
        object.text("correlation_id", id.as_bytes());
    }
    if let Some(attempt) = record.attempt() {
        object.number("attempt", attempt);
    }
    if record.weight > 1 {
        object.number("sample_weight", record.weight);
    }
}

/// Writes the fields of a gRPC call.
fn grpc(record: &Record<'_>, object: &mut Object) {
    if let Some(method) = record.grpc_method() {
        object.text("rpc.method", method.as_bytes());
    }
    if let Some(code) = record.grpc_status() {
        object.word("rpc.status_code", code.name());
    }
}

/// Writes the ids of the trace.
fn trace(record: &Record<'_>, object: &mut Object, trace: &str, span: &str) {
    if let Some((trace_id, span_id)) = record.trace() {
        object.display(trace, trace_id);
        object.display(span, span_id);
    }
}

/// Writes the address and the port of the other end of the connection.
fn peer(record: &Record<'_>, object: &mut Object, address: &str, port: &str) {
    if let Some(peer) = record.peer().and_then(Peer::addr) {
        object.display(address, peer.ip().to_canonical());
        object.number(port, peer.port());
    }
}

/// Writes the sizes of both bodies.
fn sizes(record: &Record<'_>, object: &mut Object, out: &str, received: &str) {
    object.number(out, record.bytes_out());
    if let Some(bytes) = record.bytes_in() {
        object.number(received, bytes);
    }
}

/// Writes the logged headers as arrays, with their names after `prefix`; without those in `apart`, which have names of their own.
fn headers(record: &Record<'_>, object: &mut Object, prefix: &str, apart: &[(&str, &str)]) {
    let mut last = None;
    for (name, _) in record.headers() {
        let is_apart = apart.iter().any(|(of, _)| *of == name.as_str());
        if last.replace(name) != Some(name) && !is_apart {
            object.texts(&format!("{prefix}{name}"), values(record, name.as_str()));
        }
    }
}

/// Writes the first value of each header that has a name of its own, as pairs of both names.
fn apart(record: &Record<'_>, object: &mut Object, names: &[(&str, &str)]) {
    for (header, name) in names {
        if let Some(value) = values(record, header).next() {
            object.text(name, value);
        }
    }
}

fn values<'a>(record: &Record<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    record.headers().filter(move |(of, _)| of.as_str() == name).map(|(_, value)| value.as_bytes())
}

/// Returns the path, with the query if it is logged.
fn target(record: &Record<'_>) -> String {
    match record.query() {
        Some(query) => format!("{}?{query}", record.path()),
        None => record.path().to_owned(),
    }
}
