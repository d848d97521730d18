use super::*;
use crate::{Format, Level, Levels, Names, Sample, Writer};

fn read(json: &str) -> Result<AccessLogLayer, String> {
    let settings: AccessLogSettings =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    settings.try_into().map_err(|error: ConfigError| error.to_string())
}

#[test]
fn empty_settings_are_the_defaults_of_the_layer() {
    assert_eq!(format!("{:?}", read("{}").unwrap()), format!("{:?}", AccessLogLayer::new()));
}

#[test]
fn all_settings_are_those_of_the_setters() {
    let json = r#"{
        "enabled": false, "query": "redact", "headers": ["user-agent"], "never": ["x-secret"],
        "slow": "250ms", "sample": 10, "skip": {"paths": ["/a"], "user_agents": ["probe"], "below": 500},
        "levels": {"ok": "debug", "client_error": "warn", "cancelled": "trace", "rejected": "info",
                   "failed": "warn"},
        "received": true, "longest_value": 100,
        "stdout": {"format": "json", "names": "ecs", "queue": 7}
    }"#;
    let levels = Levels::new()
        .ok(Level::DEBUG)
        .client_error(Level::WARN)
        .cancelled(Level::TRACE)
        .rejected(Level::INFO)
        .failed(Level::WARN);
    let layer = AccessLogLayer::new()
        .enabled(false)
        .query(Query::Redact)
        .headers(["user-agent"])
        .never(["x-secret"])
        .slow(std::time::Duration::from_millis(250))
        .sample(Sample::one_in(10))
        .skip(Skip::paths(["/a"]).user_agents(["probe"]).below(500))
        .levels(levels)
        .received(true)
        .longest_value(100)
        .writer(Writer::stdout(Format::Json(Names::Ecs)).queue(7));
    assert_eq!(format!("{:?}", read(json).unwrap()), format!("{layer:?}"));
}

#[test]
fn every_mistake_is_reported_by_name() {
    let error = read(
        r#"{
            "headers": ["authorization", "no header"], "never": ["no header"], "slow": "soon", "sample": 0,
            "sampled_traces": 0,
            "skip": {"paths": ["livez"], "below": 1000}, "levels": {"ok": "loud"}, "longest_value": 1,
            "stdout": {"format": "combined", "names": "ecs", "queue": 0}
        }"#,
    )
    .unwrap_err();
    for field in [
        "headers[0]:",
        "headers[1]:",
        "never[0]:",
        "slow:",
        "sample:",
        "sampled_traces:",
        "skip.paths[0]:",
        "skip.below:",
        "levels.ok:",
        "longest_value:",
        "stdout.names:",
        "stdout.queue:",
    ] {
        assert!(error.contains(field), "{field} is missing in: {error}");
    }
}

#[test]
fn the_flag_of_the_trace_decides_in_place_of_the_share() {
    let layer = AccessLogLayer::new().sample(Sample::sampled_traces(50));
    let read_layer = read(r#"{"sampled_traces": 50}"#).unwrap();
    assert_eq!(format!("{read_layer:?}"), format!("{layer:?}"));
    let error = read(r#"{"sample": 50, "sampled_traces": 50}"#).unwrap_err();
    assert!(error.contains("sampled_traces: must be unset"), "{error}");
}

#[test]
fn an_unknown_field_is_rejected_by_name() {
    assert!(read(r#"{"heders": []}"#).unwrap_err().contains("heders"));
}
