//! Settings in configuration files: errors that name the field, and enums that every format can express.
//!
//! serde reports a value of the wrong type, but not the field that contains it. YAML writes an enum with data as a tag
//! (`!peers [..]`), where JSON and TOML write a map (`{ peers: [..] }`). Layers read their settings through [`named`]
//! and [`PlainEnum`], so that one document means the same in each format and an error names its field. [`duration()`]
//! reads the text of a duration, and [`networks`] the addresses of peers.

mod duration;
mod named;
#[cfg(feature = "http")]
mod networks;
mod plain_enum;

#[cfg(feature = "http")]
pub use self::networks::networks;
pub use self::{
    duration::duration,
    named::{Settings, Unnamed, named},
    plain_enum::PlainEnum,
};

/// Defines a struct of settings whose deserialization errors name the field, as `policies[1].quota`.
///
/// The struct is written as for `#[derive(Deserialize)]`, which is in an attribute of its own. Its `serde` attribute
/// has the struct's name as `remote`, and `Name::default` as `default` where all fields have one. On the struct and on
/// each field the documentation comes first and `serde`'s attributes last. A type parameter with a default is the type
/// of settings that another crate defines.
///
/// # Example
///
/// ```
/// use serde::Deserialize;
///
/// battlement_core::settings! {
///     /// Settings of a limiter.
///     #[derive(Debug, Default)]
///     #[derive(Deserialize)]
///     #[serde(remote = "Limit", default = "Limit::default", deny_unknown_fields)]
///     pub struct Limit {
///         /// The number of requests per second.
///         pub quota: u32,
///     }
/// }
///
/// let error = serde_json::from_str::<Limit>(r#"{ "quota": "many" }"#).unwrap_err();
/// assert!(error.to_string().starts_with("quota: invalid type: string \"many\", expected u32"));
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $doc:expr])*
        #[derive $derive:tt]
        #[derive $read:tt]
        #[serde $serde:tt]
        $vis:vis struct $name:ident $(<$param:ident = $default:ty>)? {
            $(
                $(#[doc = $field_doc:expr])*
                $(#[serde $field_serde:tt])*
                $field_vis:vis $field:ident: $type:ty,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive $derive]
        $vis struct $name $(<$param = $default>)? {
            $(
                $(#[doc = $field_doc])*
                $field_vis $field: $type,
            )*
        }

        impl<'de $(, $param)?> $crate::settings::Settings<'de> for $name $(<$param>)?
        $(where $param: $crate::settings::Settings<'de> + ::core::default::Default)?
        {
            fn read<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                #[derive $read]
                #[serde $serde]
                struct Fields $(<$param>)? {
                    $(
                        $(#[serde $field_serde])*
                        $field: $type,
                    )*
                }
                Fields::deserialize(deserializer)
            }
        }

        impl<'de $(, $param)?> ::serde::Deserialize<'de> for $name $(<$param>)?
        $(where $param: $crate::settings::Settings<'de> + ::core::default::Default)?
        {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::settings::named(deserializer)
            }
        }
    };
}
