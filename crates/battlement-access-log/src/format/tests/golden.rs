//! The golden line of each format.

use super::line;
use crate::{Format, Names};

/// Returns the end that all JSON lines have in common.
fn end(agent: &str) -> String {
    format!(
        concat!(
            r#","outcome":"ok","http.route":"/orders/{{id}}","first_byte_ms":1.5,"busy_ms":0.25,"#,
            r#""correlation_id":"c-1","sample_weight":10,"escaped":["{}"]}}"#,
            "\n"
        ),
        agent
    )
}

#[test]
fn the_golden_line_of_open_telemetry() {
    let expected = concat!(
        r#"{"timestamp":"2026-11-28T17:33:00.250000Z","level":"INFO","message":"request completed","#,
        r#""http.request.method":"GET","url.path":"/orders/é\u202e%0a","#,
        r#""url.query":"a=\u2028&%74oken=REDACTED","network.protocol.version":"1.1","#,
        r#""network.peer.address":"10.0.0.1","network.peer.port":4000,"client.address":"203.0.113.7","#,
        r#""http.response.status_code":200,"duration_ms":12.345,"http.response.body.size":5,"#,
        r#""http.request.body.size":7,"http.request.header.user-agent":["curl \"\\u{5c}\\xff"],"#,
        r#""http.request.header.referer":["https://a/?key=REDACTED"],"#,
        r#""http.request.header.x-a":["1","2"],"request_id":"r-1","#,
        r#""trace_id":"01010101010101010101010101010101","span_id":"0202020202020202""#,
    );
    let end = end("http.request.header.user-agent");
    assert_eq!(line(Format::Json(Names::OpenTelemetry)), format!("{expected}{end}"));
}

#[test]
fn the_golden_line_of_ecs() {
    let expected = concat!(
        r#"{"@timestamp":"2026-11-28T17:33:00.250000Z","log.level":"info","message":"request completed","#,
        r#""ecs.version":"8.11.0","event.outcome":"success","event.duration":12345000,"#,
        r#""http.request.method":"GET","url.path":"/orders/é\u202e%0a","#,
        r#""url.query":"a=\u2028&%74oken=REDACTED","http.version":"1.1","source.ip":"10.0.0.1","#,
        r#""source.port":4000,"client.ip":"203.0.113.7","http.response.status_code":200,"#,
        r#""http.response.body.bytes":5,"http.request.body.bytes":7,"#,
        r#""user_agent.original":"curl \"\\u{5c}\\xff","http.request.referrer":"https://a/?key=REDACTED","#,
        r#""http.request.headers.x-a":["1","2"],"http.request.id":"r-1","#,
        r#""trace.id":"01010101010101010101010101010101","span.id":"0202020202020202""#,
    );
    assert_eq!(line(Format::Json(Names::Ecs)), format!("{expected}{}", end("user_agent.original")));
}

#[test]
fn the_golden_line_of_google_cloud() {
    let expected = concat!(
        r#"{"time":"2026-11-28T17:33:00.250000Z","severity":"INFO","message":"request completed","#,
        r#""httpRequest":{"requestMethod":"GET","#,
        r#""requestUrl":"/orders/é\u202e%0a?a=\u2028&%74oken=REDACTED","requestSize":"7","status":200,"#,
        r#""responseSize":"5","userAgent":"curl \"\\u{5c}\\xff","referer":"https://a/?key=REDACTED","#,
        r#""remoteIp":"203.0.113.7","latency":"0.012345000s","protocol":"HTTP/1.1"},"#,
        r#""network.peer.address":"10.0.0.1","network.peer.port":4000,"client.address":"203.0.113.7","#,
        r#""http.request.header.x-a":["1","2"],"request_id":"r-1","#,
        r#""logging.googleapis.com/trace":"01010101010101010101010101010101","#,
        r#""logging.googleapis.com/spanId":"0202020202020202","#,
        r#""logging.googleapis.com/trace_sampled":true"#,
    );
    assert_eq!(line(Format::Json(Names::GoogleCloud)), format!("{expected}{}", end("userAgent")));
}

#[test]
fn the_golden_line_of_pino_http() {
    let expected = concat!(
        r#"{"level":30,"time":1795887180250,"req":{"id":"r-1","method":"GET","#,
        r#""url":"/orders/é\u202e%0a?a=\u2028&%74oken=REDACTED","#,
        r#""headers":{"user-agent":["curl \"\\u{5c}\\xff"],"referer":["https://a/?key=REDACTED"],"#,
        r#""x-a":["1","2"]},"remoteAddress":"10.0.0.1","remotePort":4000},"res":{"statusCode":200},"#,
        r#""responseTime":12.345,"msg":"request completed","network.protocol.version":"1.1","#,
        r#""client.address":"203.0.113.7","http.response.body.size":5,"http.request.body.size":7,"#,
        r#""trace_id":"01010101010101010101010101010101","span_id":"0202020202020202""#,
    );
    assert_eq!(line(Format::Json(Names::PinoHttp)), format!("{expected}{}", end("user-agent")));
}

#[test]
fn the_golden_line_of_the_combined_format() {
    let expected = concat!(
        r#"203.0.113.7 - - [28/Nov/2026:17:33:00 +0000] "GET "#,
        r#"/orders/é\u{202e}%0a?a=\u{2028}&%74oken=REDACTED HTTP/1.1" 200 5 "#,
        r#""https://a/?key=REDACTED" "curl \u{22}\u{5c}\xff""#,
        "\n"
    );
    assert_eq!(line(Format::Combined), expected);
}

#[test]
fn the_number_of_dropped_lines_is_added_at_the_end() {
    for (format, end) in [
        (Format::Json(Names::PinoHttp), "\"escaped\":[\"user-agent\"],\"dropped_lines\":3}\n"),
        (Format::Combined, "\\xff\" \"dropped_lines=3\"\n"),
    ] {
        let mut line = line(format).into_bytes();
        format.add_dropped(&mut line, 3);
        let line = String::from_utf8(line).unwrap();
        assert!(line.ends_with(end), "{line}");
    }
}
