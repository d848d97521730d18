use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::Service;
use crate::Fallible;

/// Headers that a service which takes part in the trace would change: an unknown version, and a list that has to be
/// normalized.
const SENT: [&str; 3] = [
    "traceparent: cc-12345678901234567890123456789012-1234567890123456-ff-later",
    "tracestate: foo=1, bar=2,foo=1",
    "tracestate: baz=3",
];

const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends the service both headers, and fails unless the call that it makes has the same.
pub(super) fn check(service: &Service) -> Fallible {
    let upstream = TcpListener::bind("127.0.0.1:0")?;
    let port = upstream.local_addr()?.port();
    let received = thread::spawn(move || answer_one(&upstream));
    let response = ask(service, port);
    // An upstream that was not called waits for this connection.
    drop(TcpStream::connect(("127.0.0.1", port)));
    let received = received.join().map_err(|_| "the upstream panicked")??;
    let response = response?;
    if !response.starts_with("HTTP/1.1 200") {
        return Err(format!("the service did not answer with 200:\n{response}").into());
    }
    let traced: Vec<_> = received.iter().filter(|line| line.starts_with("trace")).collect();
    if traced == SENT {
        return Ok(());
    }
    Err(format!("with the defaults, the headers {SENT:?} were passed on as {traced:?}").into())
}

/// Asks the service to call the upstream at `port`, and returns its response.
fn ask(service: &Service, port: u16) -> Fallible<String> {
    let body = format!(r#"[{{"url": "http://127.0.0.1:{port}/", "arguments": []}}]"#);
    let mut stream = TcpStream::connect(service.authority())?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{}\r\n\r\n{body}",
        service.authority(),
        body.len(),
        SENT.join("\r\n"),
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}

/// Answers one request and returns the lines of its head.
fn answer_one(upstream: &TcpListener) -> std::io::Result<Vec<String>> {
    let (mut stream, _) = upstream.accept()?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let lines = BufReader::new(&stream).lines();
    let head: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?;
    Ok(head)
}
