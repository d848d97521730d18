//! Reads `null` as Helmet does: as false, as the default or as an error, but not as a missing option.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Visitor};

/// Reads true or false, and `null` as false.
pub(super) fn or_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(Flag)
}

/// Reads an option that must not be `null`.
pub(super) fn refused<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads options, and `null` as their default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

struct Flag;

impl Visitor<'_> for Flag {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, on: bool) -> Result<bool, E> {
        Ok(on)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}
