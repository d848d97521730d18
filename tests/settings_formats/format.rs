//! The formats of configuration files.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Json,
    Toml,
    Yaml,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Toml, Self::Yaml];

    pub(crate) fn write(self, document: &Value) -> String {
        match self {
            Self::Json => serde_json::to_string(document).unwrap(),
            Self::Toml => toml::to_string(&without_null(document)).unwrap(),
            Self::Yaml => yaml_serde::to_string(document).unwrap(),
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(self, text: &str) -> Result<T, String> {
        match self {
            Self::Json => serde_json::from_str(text).map_err(|error| error.to_string()),
            Self::Toml => toml::from_str(text).map_err(|error| error.to_string()),
            Self::Yaml => yaml_serde::from_str(text).map_err(|error| error.to_string()),
        }
    }
}

/// Replaces null, which TOML does not have, by `false`, which the same settings accept.
fn without_null(document: &Value) -> Value {
    match document {
        Value::Null => Value::Bool(false),
        Value::Array(list) => list.iter().map(without_null).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), without_null(value))).collect()
        }
        other => other.clone(),
    }
}

/// Reads `document` in every format, and returns the settings, which are the same in each of them.
pub(crate) fn read_in_all<T: DeserializeOwned + Debug>(document: &Value) -> T {
    let [json, others @ ..] = Format::ALL.map(|format| {
        let text = format.write(document);
        format.read::<T>(&text).unwrap_or_else(|error| panic!("{format:?}: {error} in {text}"))
    });
    for other in others {
        assert_eq!(format!("{other:?}"), format!("{json:?}"), "{document}");
    }
    json
}
