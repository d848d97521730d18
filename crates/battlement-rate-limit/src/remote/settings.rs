use battlement_core::settings::{self, PlainEnum, Settings};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{OnFailure, Share};

/// Reads `deny`, `allow`, or `{ "local-fallback": { "share": 25 } }` with a percentage.
impl<'de> Deserialize<'de> for OnFailure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        settings::named(deserializer)
    }
}

impl<'de> Settings<'de> for OnFailure {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match OnFailureSettings::deserialize(PlainEnum::new(deserializer))? {
            OnFailureSettings::Deny => Self::Deny,
            OnFailureSettings::Allow => Self::Allow,
            OnFailureSettings::LocalFallback { share } => {
                Self::LocalFallback { share: Share::try_percent(share).map_err(D::Error::custom)? }
            }
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum OnFailureSettings {
    Deny,
    Allow,
    LocalFallback { share: u32 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_for_failures_can_be_configured() {
        let read = serde_json::from_str::<OnFailure>;
        assert_eq!(read("\"deny\"").unwrap(), OnFailure::Deny);
        assert_eq!(read("\"allow\"").unwrap(), OnFailure::Allow);
        let share = Share::one_in(4);
        let local = read(r#"{ "local-fallback": { "share": 25 } }"#).unwrap();
        assert_eq!(local, OnFailure::LocalFallback { share });
        assert!(read(r#"{ "local-fallback": { "share": 0 } }"#).is_err());
        assert!(read("\"local-fallback\"").is_err(), "a share has no default");
    }
}
