use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use battlement_core::InvalidField;

use crate::Limits;

/// The longest time limit. Times within it cannot overflow an instant.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The smallest buffer of hyper.
const SMALLEST_BUFFER: usize = 8 * 1_024;

/// The window of every HTTP/2 connection at its start (RFC 9113, section 6.9.2), which cannot be reduced.
const FIRST_WINDOW: u32 = 65_535;

/// The largest window and header list of HTTP/2.
const LARGEST: u32 = (1 << 31) - 1;

/// More connections than any process can hold: a larger number is a mistake.
const MOST_CONNECTIONS: usize = usize::MAX >> 3;

/// Returns every invalid limit.
pub(super) fn invalid_fields(limits: &Limits) -> Vec<InvalidField> {
    let mut invalid = Vec::new();
    times(limits, &mut invalid);
    amounts(limits, &mut invalid);
    contradictions(limits, &mut invalid);
    let floods = limits.floods.invalid_fields(limits.streams);
    invalid.extend(floods.into_iter().map(|field| field.under("floods")));
    invalid
}

fn times(limits: &Limits, invalid: &mut Vec<InvalidField>) {
    let times = [
        ("first_request", Some(limits.first_request)),
        ("header", Some(limits.header)),
        ("idle", Some(limits.idle)),
        ("write", Some(limits.write)),
        ("ping_interval", limits.ping_interval),
        ("ping_timeout", Some(limits.ping_timeout)),
        ("age", limits.age),
        ("age_grace", limits.age_grace),
        ("keepalive", limits.keepalive),
    ];
    for (field, time) in times {
        if let Some(time) = time
            && (time.is_zero() || time > LONGEST)
        {
            let message = format!("must be greater than zero and at most 30 days, got {time:?}");
            invalid.push(InvalidField::new(field, message));
        }
    }
    if limits.drain_spread > LONGEST {
        let message = format!("must be at most 30 days, got {:?}", limits.drain_spread);
        invalid.push(InvalidField::new("drain_spread", message));
    }
    // Linux counts the time in seconds.
    if let Some(time) = limits.keepalive
        && !time.is_zero()
        && time < Duration::from_secs(1)
    {
        invalid.push(InvalidField::new("keepalive", format!("must be at least 1s, got {time:?}")));
    }
}

fn amounts(limits: &Limits, invalid: &mut Vec<InvalidField>) {
    let mut check = Check(invalid);
    check.range("requests", limits.requests, 1..=u64::MAX);
    check.range("connections", limits.connections, 1..=MOST_CONNECTIONS);
    check.range("connections_per_client", limits.connections_per_client, 1..=MOST_CONNECTIONS);
    check.range("ipv6_prefix", Some(limits.ipv6_prefix), 1..=128);
    check.range("header_bytes", Some(limits.header_bytes), 1..=LARGEST);
    check.range("header_count", Some(limits.header_count), 1..=usize::from(u16::MAX));
    check.range("buffer_bytes", Some(limits.buffer_bytes), SMALLEST_BUFFER..=LARGEST as usize);
    check.range("streams", Some(limits.streams), 1..=LARGEST);
    check.range("stream_window", Some(limits.stream_window), 1..=LARGEST);
    check.range("connection_window", Some(limits.connection_window), FIRST_WINDOW..=LARGEST);
    check.range("send_buffer", Some(limits.send_buffer), 1..=LARGEST);
}

/// Limits that are valid alone, and that no connection can meet together.
fn contradictions(limits: &Limits, invalid: &mut Vec<InvalidField>) {
    let mut check = Check(invalid);
    check.at_most(
        ("header_bytes", limits.header_bytes as usize),
        ("buffer_bytes", limits.buffer_bytes),
    );
    check.at_most(
        ("stream_window", limits.stream_window),
        ("connection_window", limits.connection_window),
    );
    if let (Some(client), Some(total)) = (limits.connections_per_client, limits.connections) {
        check.at_most(("connections_per_client", client), ("connections", total));
    }
    if limits.age_grace.is_some() && limits.age.is_none() {
        check.0.push(InvalidField::new("age_grace", "requires `age`, at which the grace begins"));
    }
}

struct Check<'a>(&'a mut Vec<InvalidField>);

impl Check<'_> {
    fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        value: Option<T>,
        range: RangeInclusive<T>,
    ) {
        if let Some(value) = value
            && !range.contains(&value)
        {
            let (least, most) = range.into_inner();
            self.0
                .push(InvalidField::new(field, format!("must be {least} to {most}, got {value}")));
        }
    }

    fn at_most<T: PartialOrd + Display>(
        &mut self,
        (field, value): (&str, T),
        (other, most): (&str, T),
    ) {
        if value > most {
            let message = format!("must be at most `{other}`, {most}, got {value}");
            self.0.push(InvalidField::new(field, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FloodLimits, Rate};

    fn invalid(limits: &Limits) -> Vec<String> {
        invalid_fields(limits).iter().map(|field| field.field().to_owned()).collect()
    }

    #[test]
    fn the_default_limits_are_valid() {
        assert_eq!(invalid(&Limits::new()), [""; 0]);
    }

    #[test]
    fn every_limit_of_zero_is_named_at_once() {
        let zero = Duration::ZERO;
        let limits = Limits::new()
            .first_request(zero)
            .header(zero)
            .idle(zero)
            .write(zero)
            .ping_interval(zero)
            .ping_timeout(zero)
            .age(zero)
            .age_grace(zero)
            .keepalive(zero)
            .requests(0)
            .connections(0)
            .connections_per_client(0)
            .ipv6_prefix(0)
            .header_bytes(0)
            .header_count(0)
            .buffer_bytes(0)
            .streams(0)
            .stream_window(0)
            .connection_window(0)
            .send_buffer(0);
        assert_eq!(
            invalid(&limits),
            [
                "first_request",
                "header",
                "idle",
                "write",
                "ping_interval",
                "ping_timeout",
                "age",
                "age_grace",
                "keepalive",
                "requests",
                "connections",
                "connections_per_client",
                "ipv6_prefix",
                "header_bytes",
                "header_count",
                "buffer_bytes",
                "streams",
                "stream_window",
                "connection_window",
                "send_buffer",
            ]
        );
    }

    #[test]
    fn limits_at_the_ends_of_their_ranges_are_valid() {
        let limits = Limits::new()
            .idle(LONGEST)
            .ping_interval(None)
            .keepalive(Duration::from_secs(1))
            .requests(1)
            .connections(1)
            .connections_per_client(1)
            .ipv6_prefix(128)
            .header_bytes(8_192)
            .buffer_bytes(8_192)
            .streams(1)
            .stream_window(LARGEST)
            .connection_window(LARGEST);
        assert_eq!(invalid(&limits), [""; 0]);
        let over = LONGEST + Duration::from_nanos(1);
        let limits = limits.idle(over).drain_spread(over).ipv6_prefix(129);
        assert_eq!(invalid(&limits), ["idle", "drain_spread", "ipv6_prefix"]);
    }

    #[test]
    fn the_ends_of_the_ranges_are_those_of_the_documents_and_protocols() {
        let month = Duration::from_secs(2_592_000);
        let most = Limits::new()
            .idle(month)
            .drain_spread(month)
            .header_bytes(8_000)
            .header_count(65_535)
            .buffer_bytes(8_192)
            .streams(2_147_483_647)
            .floods(FloodLimits::new().resets(Rate::new(u32::MAX, 1)))
            .stream_window(65_535)
            .connection_window(65_535);
        assert_eq!(invalid(&most), [""; 0]);
        let over = most
            .idle(month + Duration::from_secs(1))
            .header_count(65_536)
            .buffer_bytes(8_191)
            .streams(2_147_483_648)
            .stream_window(65_534)
            .connection_window(65_534)
            .connections((usize::MAX >> 3) + 1)
            .connections_per_client((usize::MAX >> 3) + 1);
        assert_eq!(
            invalid(&over),
            [
                "idle",
                "connections",
                "connections_per_client",
                "header_count",
                "buffer_bytes",
                "streams",
                "connection_window",
            ]
        );
    }

    #[test]
    fn contradicting_limits_are_named_with_both() {
        let limits = Limits::new()
            .header_bytes(65_537)
            .stream_window(1 << 21)
            .connections(10)
            .connections_per_client(11)
            .age_grace(Duration::from_secs(1));
        assert_eq!(
            limits.check().unwrap_err().to_string(),
            "server settings: header_bytes: must be at most `buffer_bytes`, 65536, got 65537; stream_window: must be \
             at most `connection_window`, 1048576, got 2097152; connections_per_client: must be at most `connections`, \
             10, got 11; age_grace: requires `age`, at which the grace begins"
        );
    }
}
