use std::time::Duration;

use battlement_core::InvalidField;

use crate::Limits;

/// Returns every invalid limit.
pub(super) fn invalid_fields(limits: &Limits) -> Vec<InvalidField> {
    let mut invalid = Vec::new();
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
        if time == Some(Duration::ZERO) {
            invalid.push(InvalidField::new(field, "must be greater than zero"));
        }
    }
    let floods = limits.floods.invalid_fields(limits.streams);
    invalid.extend(floods.into_iter().map(|field| field.under("floods")));
    invalid
}
