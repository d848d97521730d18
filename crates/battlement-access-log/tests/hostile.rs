//! Values that a client chooses cannot break or forge a line, and read back as they were sent.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::{
    io::{self, Write},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_access_log::{AccessLogLayer, Format, Names, Query, Writer};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use log::send;

/// Prints the values of each JSON line in hexadecimal digits.
const PYTHON: &str = r#"
import json, sys
for line in sys.stdin.buffer.read().decode().split("\n")[:-1]:
    record = json.loads(line)
    values = [record["url.path"], record["url.query"], record["http.request.header.user-agent"][0]]
    print(*(value.encode().hex() for value in values), sep=",")
"#;

/// Line ends, control and bidi characters, the sequences of RUSTSEC-2025-0055, and text that looks like escaped text.
const HOSTILE: [&str; 12] = [
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "\u{202e}txt.exe",
    "\u{2066}a\u{2069}",
    "\u{9b}31mred",
    "\u{feff}",
    "\\u{a}\\x0a\\n",
    "%0d%0a%1b[31m",
    "\u{e0041}\u{200b}",
    "é😀",
    "plain",
];

/// Values that only a header can have: characters that no target may contain.
const IN_HEADERS: [&str; 3] = ["\"} {\"outcome\":\"ok\"", "\tred\\\"", "\" 200 5 \"-\" \"forged"];

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the values of target and header of each request.
fn corpus() -> Vec<(&'static str, &'static str)> {
    let targets = HOSTILE.map(|value| (value, value));
    targets.into_iter().chain(IN_HEADERS.map(|value| ("plain", value))).collect()
}

/// Sends the corpus, and returns the lines. Every query has a secret.
async fn lines(format: Format) -> String {
    let lines = Lines::default();
    let writer = Writer::to(lines.clone(), format);
    let layer = AccessLogLayer::new();
    let layer = layer.writer(writer.clone()).query(Query::Redact).headers(["user-agent"]);
    for (target, agent) in corpus() {
        let target = format!("/{target}?{target}=1&t%6fken=hunter2");
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = target.parse().unwrap();
        let agent = HeaderValue::from_bytes(agent.as_bytes()).unwrap();
        request.headers_mut().insert("user-agent", agent);
        send(&layer, request, Response::new(Full::<Bytes>::default())).await;
    }
    assert!(writer.flush_within(Duration::from_secs(60)));
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn each_hostile_request_is_one_printable_line_without_the_secret_in_every_format() {
    let names = [Names::OpenTelemetry, Names::Ecs, Names::GoogleCloud, Names::PinoHttp];
    for format in names.map(Format::Json).into_iter().chain([Format::Combined]) {
        let text = lines(format).await;
        let is_bidi =
            |char: char| matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(is_bidi), "{text}");
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{text}");
        assert_eq!(text.matches('\n').count(), corpus().len(), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn python_reads_the_values_that_were_sent() {
    let text = lines(Format::Json(Names::OpenTelemetry)).await;
    let mut python = Command::new("python3");
    let mut python =
        python.args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let hex = |text: String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let expected: Vec<_> = corpus()
        .into_iter()
        .map(|(target, agent)| {
            let query = hex(format!("{target}=1&t%6fken=REDACTED"));
            [hex(format!("/{target}")), query, hex(agent.to_owned())].join(",")
        })
        .collect();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}
