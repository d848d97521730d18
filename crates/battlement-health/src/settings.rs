use std::collections::BTreeMap;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{
    Details, HealthBuilder,
    limits::{Limits, SETTINGS},
};

battlement_core::settings! {
    /// The settings of a [`Health`](crate::Health) in a configuration file.
    ///
    /// Every field is optional and has the default of [`Health::builder`](crate::Health::builder). Unknown fields are
    /// rejected by name. [`builder`](HealthSettings::builder) keeps every error for [`HealthBuilder::try_build`], which
    /// knows the checks; `TryFrom` reports those that need no check at once.
    ///
    /// ```
    /// use battlement_health::{Check, CheckState, HealthSettings};
    ///
    /// let settings: HealthSettings = serde_json::from_str(
    ///     r#"{
    ///         "interval": "5s",
    ///         "fail_after": 2,
    ///         "checks": { "redis": { "critical": true, "timeout": "250ms" } }
    ///     }"#,
    /// ).unwrap();
    /// # async fn build(settings: HealthSettings) {
    /// let redis = Check::of_state("redis", || CheckState::pass("connected"));
    /// let health = settings.builder().check(redis).try_build().unwrap();
    /// # }
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "HealthSettings", default = "HealthSettings::default", deny_unknown_fields)]
    pub struct HealthSettings {
        /// [`HealthBuilder::interval`], as `10s`.
        pub interval: Option<String>,
        /// [`HealthBuilder::timeout`], as `2s`.
        pub timeout: Option<String>,
        /// [`HealthBuilder::fail_after`].
        pub fail_after: Option<u32>,
        /// [`HealthBuilder::recover_after`].
        pub recover_after: Option<u32>,
        /// [`HealthBuilder::stale_after`], as `30s`.
        pub stale_after: Option<String>,
        /// [`HealthBuilder::details`], `public` or `full`.
        pub details: Option<String>,
        /// Settings of single checks, by name.
        pub checks: BTreeMap<String, CheckSettings>,
    }
}

/// The settings of one check in a configuration file, which apply over those of the code.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// Whether the check fails its probes, as [`Check::critical`](crate::Check::critical).
    pub critical: Option<bool>,
    /// [`Check::interval`](crate::Check::interval), as `10s`.
    pub interval: Option<String>,
    /// [`Check::timeout`](crate::Check::timeout), as `2s`.
    pub timeout: Option<String>,
    /// [`Check::fail_after`](crate::Check::fail_after).
    pub fail_after: Option<u32>,
    /// [`Check::recover_after`](crate::Check::recover_after).
    pub recover_after: Option<u32>,
    /// [`Check::stale_after`](crate::Check::stale_after), as `30s`.
    pub stale_after: Option<String>,
}

impl HealthSettings {
    /// Returns a builder with these settings, which reports fields that cannot be read together with all other errors.
    pub fn builder(self) -> HealthBuilder {
        let mut builder = HealthBuilder::new();
        let invalid = &mut builder.unreadable;
        let own = CheckSettings {
            critical: None,
            interval: self.interval,
            timeout: self.timeout,
            fail_after: self.fail_after,
            recover_after: self.recover_after,
            stale_after: self.stale_after,
        };
        builder.limits = own.limits(invalid);
        match self.details.as_deref() {
            None | Some("public") => {}
            Some("full") => builder.details = Details::Full,
            Some(other) => {
                let message = format!("must be `public` or `full`, got {other:?}");
                invalid.push(InvalidField::new("details", message));
            }
        }
        for (name, settings) in self.checks {
            let mut fields = Vec::new();
            let limits = settings.limits(&mut fields);
            invalid.extend(fields.into_iter().map(|field| field.under(&format!("checks.{name}"))));
            builder.overrides.push((name, limits));
        }
        builder
    }
}

impl CheckSettings {
    fn limits(self, invalid: &mut Vec<InvalidField>) -> Limits {
        let mut time =
            |field, text: Option<String>| text.and_then(|text| duration(field, &text, invalid));
        Limits {
            critical: self.critical,
            interval: time("interval", self.interval),
            timeout: time("timeout", self.timeout),
            fail_after: self.fail_after,
            recover_after: self.recover_after,
            stale_after: time("stale_after", self.stale_after),
        }
    }
}

impl TryFrom<HealthSettings> for HealthBuilder {
    type Error = ConfigError;

    fn try_from(settings: HealthSettings) -> Result<Self, ConfigError> {
        let builder = settings.builder();
        let mut invalid = builder.unreadable.clone();
        invalid.extend(builder.limits.invalid_fields());
        ConfigError::check(SETTINGS, invalid, builder)
    }
}
