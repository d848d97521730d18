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

/// The serde side of [`Key`], but for extensions and closures: one part, or a list of them.
#[derive(Clone, Debug)]
pub enum KeySetting {
    /// One.
    One(KeyPart),
    /// All of these.
    All(Vec<KeyPart>),
}

/// One of the things that requests are counted by.
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
    pub(super) fn key(&self, mistakes: &mut Vec<InvalidField>) -> Option<Key> {
        let parts = match self {
            Self::One(part) => std::slice::from_ref(part),
            Self::All(parts) => parts,
        };
        if parts.is_empty() {
            mistakes.push(InvalidField::new(
                "key",
                "must be at least one; for one limit for all, global",
            ));
        }
        let keys = parts.iter().filter_map(|part| part.key(mistakes));
        keys.reduce(|key, part| Key::from((key, part)))
    }
}

impl KeyPart {
    fn key(&self, mistakes: &mut Vec<InvalidField>) -> Option<Key> {
        Some(match self {
            Self::ClientIp => Key::client_ip(),
            Self::Peer => Key::peer(),
            Self::Route => Key::route(),
            Self::Global => Key::global(),
            Self::Header(name) => {
                let parsed = name.parse().ok();
                if parsed.is_none() {
                    let message = format!("{name:?} is no header name; write one as x-api-key");
                    mistakes.push(InvalidField::new("key.header", message));
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

/// Not an untagged enum of serde's, which would keep to itself which word it does not know.
impl<'de> Deserialize<'de> for KeySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = KeySetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one as \"client-ip\", { \"header\": \"x-api-key\" } or a list of such")
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
