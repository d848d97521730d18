use std::{borrow::Cow, fmt::Write};

use battlement_core::{ErrorType, Peer};
use http::{HeaderName, header};

use crate::{Outcome, escape::quoted, record::Record, stage::Stage, time::Time};

/// Returns `record` in the combined log format, without a line feed.
pub(super) fn line(record: &Record<'_>, at: Time) -> String {
    let mut line = String::with_capacity(512);
    let _ = write(record, at, &mut line);
    line
}

fn write(record: &Record<'_>, at: Time, line: &mut String) -> std::fmt::Result {
    let peer = || record.peer().and_then(Peer::addr).map(|peer| peer.ip().to_canonical());
    match record.client_ip().or_else(peer) {
        Some(client) => write!(line, "{client} - - [")?,
        None => line.push_str("- - - ["),
    }
    at.push_apache(line);
    let method = quoted(record.method().as_bytes(), record.longest());
    write!(line, "] \"{method} ")?;
    line.push_str(&quoted(record.path().as_bytes(), record.longest()));
    if let Some(query) = record.query() {
        line.push('?');
        line.push_str(&quoted(query.as_bytes(), record.longest()));
    }
    let minor = if record.protocol().contains('.') { "" } else { ".0" };
    let (protocol, status) = (record.protocol(), status(record));
    write!(line, " HTTP/{protocol}{minor}\" {status} {}", record.bytes_out())?;
    for name in [header::REFERER, header::USER_AGENT] {
        write!(line, " \"{}\"", value(record, &name))?;
    }
    Ok(())
}

fn value<'a>(record: &Record<'a>, name: &HeaderName) -> Cow<'a, str> {
    let value = record.headers().find(|(of, _)| *of == name);
    value.map_or(Cow::Borrowed("-"), |(_, value)| quoted(value.as_bytes(), record.longest()))
}

/// Returns the status, or the one that proxies log for a request without a response.
fn status(record: &Record<'_>) -> u16 {
    match (record.status(), record.outcome()) {
        (Some(status), _) => status.as_u16(),
        (None, _) if record.stage == Stage::Received => 100,
        (None, Outcome::Failed(ErrorType::Cancelled)) => 499,
        (None, Outcome::Failed(ErrorType::Timeout)) => 504,
        (None, Outcome::Failed(ErrorType::Shutdown)) => 503,
        (None, _) => 500,
    }
}
