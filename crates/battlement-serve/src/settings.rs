mod floods;

use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

pub use self::floods::{FloodSettings, RateSettings};
use crate::{Limits, limits::SETTINGS};

battlement_core::settings! {
    /// The [`Limits`] of a server in a configuration file.
    ///
    /// Every field is optional and has the default of [`Limits::new`]. A time is written as `10s`; `none` switches off
    /// a limit that can be switched off. Unknown fields are rejected by name. `TryFrom` reports every invalid field at
    /// once.
    ///
    /// ```
    /// use battlement_serve::{Limits, ServerSettings};
    ///
    /// let settings: ServerSettings = serde_json::from_str(
    ///     r#"{ "idle": "620s", "age": "10m", "ping_interval": "none", "connections": 10000 }"#,
    /// ).unwrap();
    /// let limits = Limits::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "ServerSettings", default = "ServerSettings::default", deny_unknown_fields)]
    pub struct ServerSettings {
        /// [`Limits::first_request`], as `10s`.
        pub first_request: Option<String>,
        /// [`Limits::header`], as `10s`.
        pub header: Option<String>,
        /// [`Limits::idle`], as `75s`.
        pub idle: Option<String>,
        /// [`Limits::write`], as `30s`.
        pub write: Option<String>,
        /// [`Limits::ping_interval`], as `20s` or `none`.
        pub ping_interval: Option<String>,
        /// [`Limits::ping_timeout`], as `10s`.
        pub ping_timeout: Option<String>,
        /// [`Limits::age`], as `10m` or `none`.
        pub age: Option<String>,
        /// [`Limits::age_grace`], as `1m` or `none`.
        pub age_grace: Option<String>,
        /// [`Limits::requests`].
        pub requests: Option<u64>,
        /// [`Limits::drain_spread`], as `4s`.
        pub drain_spread: Option<String>,
        /// [`Limits::connections`].
        pub connections: Option<usize>,
        /// [`Limits::connections_per_client`].
        pub connections_per_client: Option<usize>,
        /// [`Limits::ipv6_prefix`].
        pub ipv6_prefix: Option<u8>,
        /// [`Limits::header_bytes`].
        pub header_bytes: Option<u32>,
        /// [`Limits::header_count`].
        pub header_count: Option<usize>,
        /// [`Limits::buffer_bytes`].
        pub buffer_bytes: Option<usize>,
        /// [`Limits::streams`].
        pub streams: Option<u32>,
        /// [`Limits::stream_window`].
        pub stream_window: Option<u32>,
        /// [`Limits::connection_window`].
        pub connection_window: Option<u32>,
        /// [`Limits::send_buffer`].
        pub send_buffer: Option<u32>,
        /// [`Limits::nodelay`].
        pub nodelay: Option<bool>,
        /// [`Limits::keepalive`], as `60s` or `none`.
        pub keepalive: Option<String>,
        /// [`Limits::half_close`].
        pub half_close: Option<bool>,
        /// [`Limits::floods`].
        pub floods: Option<FloodSettings>,
    }
}

impl TryFrom<ServerSettings> for Limits {
    type Error = ConfigError;

    fn try_from(settings: ServerSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let mut limits = Self::new();
        read_times(&mut limits, &settings, &mut invalid);
        read_amounts(&mut limits, &settings);
        set(&mut limits.floods, settings.floods.map(Into::into));
        invalid.extend(limits.check().err().into_iter().flat_map(ConfigError::into_fields));
        ConfigError::check(SETTINGS, invalid, limits)
    }
}

fn read_times(limits: &mut Limits, settings: &ServerSettings, invalid: &mut Vec<InvalidField>) {
    let times = [
        ("first_request", &settings.first_request, &mut limits.first_request),
        ("header", &settings.header, &mut limits.header),
        ("idle", &settings.idle, &mut limits.idle),
        ("write", &settings.write, &mut limits.write),
        ("ping_timeout", &settings.ping_timeout, &mut limits.ping_timeout),
        ("drain_spread", &settings.drain_spread, &mut limits.drain_spread),
    ];
    for (field, text, time) in times {
        set(time, text.as_ref().and_then(|text| duration(field, text, invalid)));
    }
    let times = [
        ("ping_interval", &settings.ping_interval, &mut limits.ping_interval),
        ("age", &settings.age, &mut limits.age),
        ("age_grace", &settings.age_grace, &mut limits.age_grace),
        ("keepalive", &settings.keepalive, &mut limits.keepalive),
    ];
    for (field, text, time) in times {
        set(time, text.as_ref().and_then(|text| optional(field, text, invalid)));
    }
}

fn read_amounts(limits: &mut Limits, settings: &ServerSettings) {
    set(&mut limits.requests, settings.requests.map(Some));
    set(&mut limits.connections, settings.connections.map(Some));
    set(&mut limits.connections_per_client, settings.connections_per_client.map(Some));
    set(&mut limits.ipv6_prefix, settings.ipv6_prefix);
    set(&mut limits.header_bytes, settings.header_bytes);
    set(&mut limits.header_count, settings.header_count);
    set(&mut limits.buffer_bytes, settings.buffer_bytes);
    set(&mut limits.streams, settings.streams);
    set(&mut limits.stream_window, settings.stream_window);
    set(&mut limits.connection_window, settings.connection_window);
    set(&mut limits.send_buffer, settings.send_buffer);
    set(&mut limits.nodelay, settings.nodelay);
    set(&mut limits.half_close, settings.half_close);
}

fn set<T>(limit: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *limit = value;
    }
}

/// Reads a time, or `none`. Returns `None` for text that is neither.
fn optional(field: &str, text: &str, invalid: &mut Vec<InvalidField>) -> Option<Option<Duration>> {
    if text == "none" { Some(None) } else { duration(field, text, invalid).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FloodLimits, Rate};

    fn limits(json: &str) -> Result<Limits, ConfigError> {
        serde_json::from_str::<ServerSettings>(json).unwrap().try_into()
    }

    #[test]
    fn empty_settings_are_the_default_limits() {
        assert_eq!(limits("{}"), Ok(Limits::new()));
    }

    #[test]
    fn every_field_sets_the_limit_of_its_name() {
        let secs = Duration::from_secs;
        let json = r#"{
            "first_request": "1s", "header": "2s", "idle": "3s", "write": "4s", "ping_interval": "5s",
            "ping_timeout": "6s", "age": "7s", "age_grace": "8s", "requests": 9, "drain_spread": "10s", "connections": 11,
            "connections_per_client": 10, "ipv6_prefix": 48, "header_bytes": 9000, "header_count": 14,
            "buffer_bytes": 9001, "streams": 16, "stream_window": 17, "connection_window": 65536, "send_buffer": 19,
            "nodelay": false, "keepalive": "20s", "half_close": false,
            "floods": {
                "resets": { "burst": 21, "per_second": 1 }, "provoked_resets": { "burst": 22, "per_second": 2 },
                "continuations": { "burst": 23, "per_second": 3 }, "empty_data": { "burst": 24, "per_second": 4 },
                "settings": { "burst": 25, "per_second": 5 }, "pings": { "burst": 26, "per_second": 6 }
            }
        }"#;
        let expected = Limits::new()
            .first_request(secs(1))
            .header(secs(2))
            .idle(secs(3))
            .write(secs(4))
            .ping_interval(secs(5))
            .ping_timeout(secs(6))
            .age(secs(7))
            .age_grace(secs(8))
            .requests(9)
            .drain_spread(secs(10))
            .connections(11)
            .connections_per_client(10)
            .ipv6_prefix(48)
            .header_bytes(9_000)
            .header_count(14)
            .buffer_bytes(9_001)
            .streams(16)
            .stream_window(17)
            .connection_window(65_536)
            .send_buffer(19)
            .nodelay(false)
            .keepalive(secs(20))
            .half_close(false)
            .floods(
                FloodLimits::new()
                    .resets(Rate::new(21, 1))
                    .provoked_resets(Rate::new(22, 2))
                    .continuations(Rate::new(23, 3))
                    .empty_data(Rate::new(24, 4))
                    .settings(Rate::new(25, 5))
                    .pings(Rate::new(26, 6)),
            );
        assert_eq!(limits(json), Ok(expected));
    }

    #[test]
    fn invalid_rates_of_floods_are_named_with_the_other_limits() {
        let json = r#"{ "idle": "0s", "floods": { "pings": { "burst": 0, "per_second": 1 } } }"#;
        let error = limits(json).unwrap_err();
        let names: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
        assert_eq!(names, ["idle", "floods.pings.burst"]);
    }

    #[test]
    fn none_switches_a_limit_off() {
        let json = r#"{ "ping_interval": "none", "keepalive": "none", "age": "none" }"#;
        assert_eq!(limits(json), Ok(Limits::new().ping_interval(None).keepalive(None)));
        assert!(limits(r#"{ "idle": "none" }"#).is_err(), "a connection has an idle time");
    }
}
