use battlement_core::InvalidField;

use crate::{InvalidTimeoutHeader, TimeoutHeader};

/// Parses the setting `header`; records an invalid field and returns `None` for a text that does not name a header.
pub(super) fn header(text: &str, invalid: &mut Vec<InvalidField>) -> Option<TimeoutHeader> {
    text.parse()
        .map_err(|error: InvalidTimeoutHeader| {
            invalid.push(InvalidField::new("header", error.to_string()));
        })
        .ok()
}
