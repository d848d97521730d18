use std::fmt;

use battlement_core::settings::PlainEnum;
use serde::{
    Deserialize, Deserializer,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer},
    },
};

use crate::{InvalidField, Key};

/// The part of [`Key`] that a configuration file can express: one part or a list, without extensions and closures.
#[derive(Clone, Debug)]
pub enum KeySetting {
    /// A single part.
    One(KeyPart),
    /// A list of parts.
    All(Vec<KeyPart>),
}

/// A property of requests by which they are counted.
#[derive(Clone, Debug)]
pub enum KeyPart {
    /// [`Key::client_ip`].
    ClientIp,
    /// [`Key::peer`].
    Peer,
    /// [`Key::header`], as `{ "header": "x-api-key" }`.
    Header(String),
    /// [`Key::route`].
    Route,
    /// [`Key::global`].
    Global,
}

impl KeySetting {
    pub(super) fn key(&self, invalid: &mut Vec<InvalidField>) -> Option<Key> {
        let parts = match self {
            Self::One(part) => std::slice::from_ref(part),
            Self::All(parts) => parts,
        };
        if parts.is_empty() {
            invalid.push(InvalidField::new(
                "key",
                "must contain at least one part; use global for one limit for all requests",
            ));
        }
        let keys = parts.iter().filter_map(|part| part.key(invalid));
        keys.reduce(|key, part| Key::from((key, part)))
    }
}

impl KeyPart {
    fn key(&self, invalid: &mut Vec<InvalidField>) -> Option<Key> {
        Some(match self {
            Self::ClientIp => Key::client_ip(),
            Self::Peer => Key::peer(),
            Self::Route => Key::route(),
            Self::Global => Key::global(),
            Self::Header(name) => {
                let parsed = name.parse().ok();
                if parsed.is_none() {
                    let message = format!("must be a header name such as x-api-key, got {name:?}");
                    invalid.push(InvalidField::new("key.header", message));
                }
                return parsed.map(Key::header);
            }
        })
    }
}

impl<'de> Deserialize<'de> for KeyPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "KeyPart", rename_all = "kebab-case")]
        enum Plain {
            ClientIp,
            Peer,
            Header(String),
            Route,
            Global,
        }
        Plain::deserialize(PlainEnum::new(deserializer))
    }
}

/// Implemented by hand, since serde's error for an untagged enum does not name the unknown value.
impl<'de> Deserialize<'de> for KeySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = KeySetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a key such as \"client-ip\" or { \"header\": \"x-api-key\" }, or a list of keys",
        )
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<KeySetting, E> {
        KeyPart::deserialize(StrDeserializer::new(word)).map(KeySetting::One)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeySetting, A::Error> {
        KeyPart::deserialize(MapAccessDeserializer::new(map)).map(KeySetting::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<KeySetting, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(KeySetting::All)
    }
}
