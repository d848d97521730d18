use std::time::Duration;

use battlement_core::settings::{Unnamed, duration};
use serde::{Deserialize, Deserializer};

use crate::{Algorithm, ConfigError, InvalidField, Policies, Policy, policy::SETTINGS};

battlement_core::settings! {
    /// A policy in a configuration file.
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "PolicySettings", deny_unknown_fields)]
    pub struct PolicySettings {
        /// [`Policy::name`].
        pub name: String,
        /// The number of units per period.
        pub quota: u32,
        /// The period of the quota, as `60s`.
        pub period: String,
        /// [`Policy::burst`].
        #[serde(default)]
        pub burst: Option<u32>,
        /// [`Policy::algorithm`]: `gcra`, `fixed-window` or `sliding-window`.
        #[serde(default)]
        pub algorithm: Algorithm,
        /// [`Policy::shadow`].
        #[serde(default)]
        pub shadow: bool,
    }
}

/// Converts the policies of a changed configuration file, for [`Handle::replace`](crate::Handle::replace).
impl TryFrom<Vec<PolicySettings>> for Policies {
    type Error = ConfigError;

    fn try_from(settings: Vec<PolicySettings>) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        policies(&settings, &mut invalid).ok_or_else(|| ConfigError::new(SETTINGS, invalid))
    }
}

/// Deserializes a list of policies within other settings.
pub(super) fn list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PolicySettings>, D::Error> {
    let list = Vec::<Unnamed<_>>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Unnamed(policy)| policy).collect())
}

/// Returns the policies, or records the invalid fields.
pub(super) fn policies(
    settings: &[PolicySettings],
    invalid: &mut Vec<InvalidField>,
) -> Option<Policies> {
    let before = invalid.len();
    let policies: Vec<_> = settings
        .iter()
        .enumerate()
        .filter_map(|(index, policy)| policy.read(&format!("policies[{index}]"), invalid))
        .collect();
    if invalid.len() > before {
        return None;
    }
    Policies::try_new(policies).map_err(|error| invalid.extend(error.into_fields())).ok()
}

impl PolicySettings {
    fn read(&self, field: &str, invalid: &mut Vec<InvalidField>) -> Option<Policy> {
        let period = duration(&format!("{field}.period"), &self.period, invalid);
        // An invalid period is reported once: with any valid period, the other fields are still checked.
        let period = period.unwrap_or(Duration::from_secs(86_400));
        let policy = Policy::build(&self.name, self.quota, period, self.burst, self.algorithm);
        let under = |error: InvalidField| error.under(field);
        let policy =
            policy.map_err(|error| invalid.extend(error.into_fields().into_iter().map(under)));
        policy.ok().map(|policy| policy.shadow(self.shadow))
    }
}
