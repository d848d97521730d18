//! Raw requests with hostile values, whose records are written in every format at once.

mod logs;
mod sent;

use battlement_testkit::unescaped;
use serde_json::Value;

use self::logs::Logs;
use crate::{corpus::is_hostile, page::word, readers};

#[tokio::test]
async fn each_accepted_request_is_one_printable_line_in_every_format() {
    let (logs, _guard) = Logs::start();
    let accepted = logs.fill().await;
    // Hyper takes bytes above 0x7f in targets and headers, and quotation marks and backslashes in headers.
    let hostile = accepted.iter().filter(|sent| !sent.bytes().is_ascii()).count();
    println!("{} requests accepted, {hostile} with bytes that are not ASCII", accepted.len());
    assert!(hostile >= 40, "{hostile}");
    for (format, text) in logs.texts() {
        assert_eq!(text.matches('\n').count(), accepted.len(), "{format}: {text}");
        assert!(text.ends_with('\n'), "{format}");
        let raw = text.lines().find(|line| line.contains(is_hostile));
        assert_eq!(raw, None, "{format}");
    }
}

#[tokio::test]
async fn jq_and_python_read_each_json_line_and_its_values_are_those_that_were_sent() {
    let (logs, _guard) = Logs::start();
    let accepted = logs.fill().await;
    for (format, text) in logs.texts() {
        if !format.starts_with("Json") && format != "json" {
            continue;
        }
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for values in readers::values(&text) {
            assert_eq!(values, lines, "{format}");
        }
    }
    for (line, sent) in logs.lines[0].1.lines().iter().zip(&accepted) {
        assert_eq!(values(line), sent.values(), "{line}");
    }
}

/// Returns the values of a line with OpenTelemetry's names.
fn values(line: &Value) -> [Vec<u8>; 5] {
    let headers = ["http.request.header.user-agent", "http.request.header.referer"];
    ["http.request.method", "url.path", "url.query", headers[0], headers[1]].map(|name| {
        let value = if headers.contains(&name) { &line[name][0] } else { &line[name] };
        let escaped = line["escaped"].as_array().is_some_and(|names| names.contains(&name.into()));
        let text = value.as_str().unwrap();
        if escaped { unescaped(text) } else { text.into() }
    })
}

#[tokio::test]
async fn the_escaping_of_events_is_reversed_to_the_values_that_were_sent() {
    let (logs, _guard) = Logs::start();
    let accepted = logs.fill().await;
    for (line, sent) in logs.json.lines().iter().zip(&accepted) {
        let text = |name| word(line, name).to_owned();
        assert_eq!(of_event(text), sent.values(), "{line}");
    }
    for log in [&logs.full, &logs.compact] {
        for (line, sent) in log.text().lines().zip(&accepted) {
            assert_eq!(of_event(|name| text_of(line, name)), sent.values(), "{line}");
        }
    }
}

// A field that is written with `%` has no escaping of its own.
#[tokio::test]
async fn the_values_of_an_event_are_printable_for_a_formatter_that_escapes_nothing() {
    let (logs, _guard) = Logs::start();
    logs.fill().await;
    let records = logs.json.lines();
    let values = records.iter().flat_map(|record| record.as_object().unwrap().values());
    let texts: Vec<_> = values.filter_map(Value::as_str).collect();
    assert!(texts.len() > 1_000, "{}", texts.len());
    assert_eq!(texts.into_iter().find(|text| text.contains(is_hostile)), None);
}

/// Returns the values of an event whose fields have these texts.
fn of_event(text: impl Fn(&'static str) -> String) -> [Vec<u8>; 5] {
    let [method, path, query] =
        ["http.request.method", "url.path", "url.query"].map(|name| unescaped(&text(name)));
    let headers = text("http.request.headers");
    let (agent, referer) = headers.split_once("; referer: ").unwrap();
    let agent = agent.strip_prefix("user-agent: ").unwrap();
    [method, path, query, unescaped(agent), unescaped(referer)]
}

/// Returns the text of a field of a line of tracing-subscriber's text formats, which write text as `Debug` does.
fn text_of(line: &str, name: &str) -> String {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
    let (mut text, mut chars) = (String::new(), rest.chars());
    loop {
        match chars.next().unwrap() {
            '"' => return text,
            '\\' => match chars.next().unwrap() {
                char @ ('\\' | '"' | '\'') => text.push(char),
                'u' => {
                    let hex: String =
                        chars.by_ref().skip(1).take_while(|char| *char != '}').collect();
                    text.push(char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap());
                }
                other => panic!("an escape of `Debug` that escaped text cannot have: {other}"),
            },
            char => text.push(char),
        }
    }
}

#[tokio::test]
async fn the_escaping_of_the_combined_log_is_reversed_to_the_values_that_were_sent() {
    let (logs, _guard) = Logs::start();
    let accepted = logs.fill().await;
    for (line, sent) in logs.lines[4].1.text().lines().zip(&accepted) {
        let parts: Vec<_> = line.split('"').collect();
        let [_, request, " 200 5 ", referer, " ", agent, ""] = parts[..] else { panic!("{line}") };
        let (method, rest) = request.split_once(' ').unwrap();
        let (path, query) = rest.strip_suffix(" HTTP/1.1").unwrap().split_once('?').unwrap();
        let found = [method, path, query, agent, referer].map(unescaped);
        assert_eq!(found, sent.values(), "{line}");
    }
}

#[tokio::test]
async fn the_id_of_a_record_is_one_that_the_request_id_layer_accepted() {
    let (logs, _guard) = Logs::start();
    let accepted = logs.fill().await;
    for (line, sent) in logs.lines[0].1.lines().iter().zip(&accepted) {
        let id = word(line, "request_id");
        assert!(id.as_bytes() == sent.id || id.len() == 36, "{line}");
        assert!(!id.contains(['"', '\\', ' ', '%']), "{line}");
    }
}
