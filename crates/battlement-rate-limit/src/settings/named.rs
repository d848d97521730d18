//! Reads fields, each under its own name: serde tells of a wrong value, but not of which field it is.

use serde::{Deserialize, Deserializer, de::Error as _};

macro_rules! named {
    ($($field:ident)+) => {
        $(pub(crate) fn $field<'de, D, T>(deserializer: D) -> Result<T, D::Error>
        where
            D: Deserializer<'de>,
            T: Deserialize<'de>,
        {
            let wrong = |error| D::Error::custom(format_args!("{}: {error}", stringify!($field)));
            T::deserialize(deserializer).map_err(wrong)
        })+
    };
}

named! {
    enabled policies key without_key headers jitter capacity expose
    name quota period burst algorithm shadow
}

#[cfg(feature = "redis")]
named! {
    deadline prefix coalesce queue root_certificates
}
