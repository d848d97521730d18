use std::time::Duration;

use super::*;

fn read<L>(json: &str) -> Result<L, String>
where
    L: TryFrom<ConcurrencyLimitSettings, Error = ConfigError>,
{
    let settings: ConcurrencyLimitSettings =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    L::try_from(settings).map_err(|error| error.to_string())
}

/// Asserts that the settings in `json` make `layer`, which the setters made.
fn makes(json: &str, layer: &ConcurrencyLimitLayer) {
    let made: ConcurrencyLimitLayer = read(json).unwrap();
    assert_eq!(format!("{made:?}"), format!("{layer:?}"), "{json}");
}

#[test]
fn each_setting_is_that_of_its_setter() {
    let fixed = || ConcurrencyLimitLayer::fixed(9);
    makes(r#"{ "limit": 9 }"#, &fixed());
    makes(r#"{ "limit": 9, "enabled": false }"#, &fixed().enabled(false));
    makes(r#"{ "limit": 9, "name": "shop" }"#, &fixed().name("shop"));
    makes(r#"{ "limit": 9, "resource_exhausted": true }"#, &fixed().resource_exhausted(true));
    let json = r#"{ "limit": 9, "classes": [{ "name": "a", "reserve": 0.5 }, { "name": "b" }] }"#;
    let classes = || fixed().classes([("a", 0.5), ("b", 0.0)]);
    makes(json, &classes());
    let json = json.replace("] }", r#"], "default_class": "a" }"#);
    makes(&json, &classes().default_class("a"));
}

#[test]
fn each_setting_of_an_adaptive_limit_is_that_of_its_setter() {
    let adaptive = ConcurrencyLimitLayer::adaptive;
    makes(r#"{ "adaptive": {} }"#, &adaptive());
    makes(r#"{ "adaptive": { "algorithm": "aimd" } }"#, &ConcurrencyLimitLayer::aimd());
    makes(r#"{ "adaptive": { "min": 30, "max": 90 } }"#, &adaptive().bounds(30..=90));
    makes(r#"{ "adaptive": { "max": 10 } }"#, &adaptive().bounds(4..=10));
    makes(r#"{ "adaptive": { "initial": 50 } }"#, &adaptive().initial(50));
}

// The debug output of a layer does not show its algorithm.
#[test]
fn the_algorithm_is_the_one_that_is_named() {
    let window = crate::Window {
        samples: 100,
        dropped: 1,
        latency: Duration::from_millis(10),
        limit: 20,
        minimum: 4,
        maximum: 1_000,
        ..crate::Window::default()
    };
    for (json, limit) in
        [("{}", 20), (r#"{ "algorithm": "gradient" }"#, 20), (r#"{ "algorithm": "aimd" }"#, 18)]
    {
        let settings: AdaptiveSettings = serde_json::from_str(json).unwrap();
        let mut algorithm = (settings.limit().algorithm)();
        assert_eq!(algorithm.on_window(window), limit, "{json}");
    }
}

#[cfg(feature = "http")]
#[test]
fn each_setting_of_http_is_that_of_its_setter() {
    let fixed = || ConcurrencyLimitLayer::fixed(9);
    let header = http::HeaderName::from_static("x-class");
    makes(r#"{ "limit": 9, "class_header": "X-Class" }"#, &fixed().by_header(header.clone()));
    let json = r#"{ "limit": 9, "class_header": "x-class", "trusted": ["10.0.0.0/8", "::1"] }"#;
    let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
    makes(json, &fixed().by_header(header).trust_peers(networks));
    makes(r#"{ "limit": 9, "exempt_paths": ["/a"] }"#, &fixed().exempt_paths(["/a"]));
    makes(r#"{ "limit": 9, "exempt_paths": [] }"#, &fixed().exempt_paths::<&str>([]));
}

#[cfg(feature = "http")]
#[test]
fn trusted_peers_need_a_header() {
    let error = read::<ConcurrencyLimitLayer>(r#"{ "limit": 9, "trusted": ["10.0.0.0/8"] }"#);
    let error = error.unwrap_err();
    assert!(error.contains("trusted: must be absent without a header"), "{error}");
}

#[cfg(not(feature = "http"))]
#[test]
fn settings_of_http_are_errors_without_it() {
    let json = r#"{ "limit": 9, "class_header": "x-class", "trusted": [], "exempt_paths": [] }"#;
    let error = read::<ConcurrencyLimitLayer>(json).unwrap_err();
    for field in ["class_header", "trusted", "exempt_paths"] {
        assert!(error.contains(&format!("{field}: must be absent")), "{error}");
    }
}

#[test]
fn settings_with_a_queue_make_the_layer_with_a_queue_alone() {
    let json = r#"{ "limit": 9, "queue": { "length": 64, "time": "100ms" } }"#;
    let made: QueuedConcurrencyLimitLayer = read(json).unwrap();
    let expected = ConcurrencyLimitLayer::fixed(9).queue(64, Duration::from_millis(100));
    assert_eq!(format!("{made:?}"), format!("{expected:?}"));
    let error = read::<ConcurrencyLimitLayer>(json).unwrap_err();
    assert!(error.contains("queue: must be absent from a layer without a queue"), "{error}");
    assert!(read::<QueuedConcurrencyLimitLayer>(r#"{ "limit": 9 }"#).is_ok());
}

#[test]
fn every_invalid_field_is_reported_at_once() {
    let json = r#"{
        "limit": 0,
        "queue": { "length": 0, "time": "soon" },
        "classes": [{ "name": "", "reserve": 0.7 }, { "name": "b", "reserve": 0.7 }],
        "default_class": "gold"
    }"#;
    let settings: ConcurrencyLimitSettings = serde_json::from_str(json).unwrap();
    let error = QueuedConcurrencyLimitLayer::try_from(settings).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
    assert_eq!(fields, ["queue.time", "limit", "classes[0].name", "classes", "default_class"]);
    assert_eq!(error.subject(), "concurrency limit settings");
    let unknown = &error.fields()[4];
    assert_eq!(unknown.message(), r#"must be one of the classes ["", "b"], got "gold""#);
}

#[test]
fn a_queue_needs_a_time_and_a_layer_one_limit() {
    for (json, expected) in [
        (r#"{ "limit": 9, "queue": { "length": 8 } }"#, "queue.time: must be the longest time"),
        (r#"{ "limit": 9, "queue": { "length": 0, "time": "1s" } }"#, "queue.length: must be 1 to"),
        (r#"{ "limit": 9, "queue": { "length": 8, "time": "2h" } }"#, "queue.time: must be more"),
        ("{}", "limit: must be the number of calls in flight"),
        (r#"{ "limit": 9, "adaptive": {} }"#, "limit: must be absent beside `adaptive`"),
        (r#"{ "adaptive": { "min": 9, "max": 8 } }"#, "adaptive.min: must be at most `max` (8)"),
        (r#"{ "adaptive": { "initial": 3 } }"#, "adaptive.initial: must be 4 to 1000, got 3"),
    ] {
        let error = read::<QueuedConcurrencyLimitLayer>(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

#[test]
fn a_limit_that_cannot_be_counted_names_the_bound() {
    let json = r#"{ "limit": 4096, "classes": [
        { "name": "a" }, { "name": "b" }, { "name": "c" }, { "name": "d" }
    ] }"#;
    let error = read::<ConcurrencyLimitLayer>(json).unwrap_err();
    assert!(error.ends_with("limit: must be 1 to 4095, got 4096"), "{error}");
    let five = json.replace(r#"{ "name": "a" },"#, r#"{ "name": "a" }, { "name": "e" },"#);
    let error = read::<ConcurrencyLimitLayer>(&five).unwrap_err();
    assert!(error.contains("classes: must be at most 4, got 5"), "{error}");
}

#[test]
fn an_unknown_field_and_a_wrong_type_are_named_with_their_path() {
    for (json, start) in [
        (r#"{ "limits": 2 }"#, "limits: unknown field `limits`"),
        (r#"{ "queue": { "len": 2 } }"#, "queue.len: unknown field `len`"),
        (r#"{ "adaptive": { "algorithm": "vegas" } }"#, "adaptive.algorithm: unknown variant"),
        (r#"{ "classes": [{ "share": 1 }] }"#, "classes[0].share: unknown field `share`"),
        (r#"{ "limit": "many" }"#, "limit: invalid type"),
    ] {
        let error = read::<ConcurrencyLimitLayer>(json).unwrap_err();
        assert!(error.starts_with(start), "{json}: {error}");
    }
}
