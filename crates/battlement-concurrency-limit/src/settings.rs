use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

#[cfg(feature = "http")]
use crate::http::ClassOf;
use crate::{
    ConcurrencyLimitLayer, DefaultKind, QueuedConcurrencyLimitLayer, adaptive,
    config::{Adaptive, Config, Limit, SETTINGS},
    limiter::QueueConfig,
};

mod parts;
#[cfg(test)]
mod tests;

pub use self::parts::{AdaptiveSettings, AlgorithmSetting, ClassSettings, QueueSettings};

battlement_core::settings! {
    /// The settings of a [`ConcurrencyLimitLayer`] or a [`QueuedConcurrencyLimitLayer`] in a configuration file.
    ///
    /// Either `limit` or `adaptive` is required. Unknown fields are rejected by name. `TryFrom` reports every invalid field
    /// at once. Settings with a `queue` convert to the layer with a queue alone, since its services must be `Clone`; that
    /// layer rejects calls at once if the settings have none.
    ///
    /// ```
    /// use battlement_concurrency_limit::{ConcurrencyLimitSettings, QueuedConcurrencyLimitLayer};
    ///
    /// let settings: ConcurrencyLimitSettings = serde_json::from_str(
    ///     r#"{
    ///         "limit": 256,
    ///         "queue": { "length": 64, "time": "100ms" },
    ///         "classes": [{ "name": "critical", "reserve": 0.2 }, { "name": "default" }]
    ///     }"#,
    /// ).unwrap();
    /// let layer = QueuedConcurrencyLimitLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "ConcurrencyLimitSettings",
        default = "ConcurrencyLimitSettings::default",
        deny_unknown_fields,
    )]
    pub struct ConcurrencyLimitSettings {
        /// [`ConcurrencyLimitLayer::enabled`].
        pub enabled: bool,
        /// [`ConcurrencyLimitLayer::name`].
        pub name: Option<String>,
        /// [`ConcurrencyLimitLayer::fixed`]: the number of calls in flight.
        pub limit: Option<usize>,
        /// An adaptive limit, in place of `limit`.
        pub adaptive: Option<AdaptiveSettings>,
        /// [`ConcurrencyLimitLayer::queue`]; off if it is absent.
        pub queue: Option<QueueSettings>,
        /// [`ConcurrencyLimitLayer::classes`], the highest first.
        pub classes: Vec<ClassSettings>,
        /// [`ConcurrencyLimitLayer::default_class`].
        pub default_class: Option<String>,
        /// `ConcurrencyLimitLayer::by_header`: the header in which trusted peers name the class.
        pub class_header: Option<String>,
        /// `ConcurrencyLimitLayer::trust_peers`: networks as `10.0.0.0/8`, or addresses.
        pub trusted: Option<Vec<String>>,
        /// `ConcurrencyLimitLayer::exempt_paths`, in place of the default ones.
        pub exempt_paths: Option<Vec<String>>,
        /// [`ConcurrencyLimitLayer::resource_exhausted`].
        pub resource_exhausted: bool,
    }
}

impl Default for ConcurrencyLimitSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            name: None,
            limit: None,
            adaptive: None,
            queue: None,
            classes: Vec::new(),
            default_class: None,
            class_header: None,
            trusted: None,
            exempt_paths: None,
            resource_exhausted: false,
        }
    }
}

impl TryFrom<ConcurrencyLimitSettings> for ConcurrencyLimitLayer {
    type Error = ConfigError;

    fn try_from(settings: ConcurrencyLimitSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        if settings.queue.is_some() {
            let message = "must be absent from a layer without a queue; convert the settings to a \
                           `QueuedConcurrencyLimitLayer`";
            invalid.push(InvalidField::new("queue", message));
        }
        settings.layer(invalid)
    }
}

impl TryFrom<ConcurrencyLimitSettings> for QueuedConcurrencyLimitLayer {
    type Error = ConfigError;

    fn try_from(settings: ConcurrencyLimitSettings) -> Result<Self, ConfigError> {
        settings.layer(Vec::new()).map(Self::new)
    }
}

impl ConcurrencyLimitSettings {
    fn layer(
        mut self,
        mut invalid: Vec<InvalidField>,
    ) -> Result<ConcurrencyLimitLayer, ConfigError> {
        let kind = self.kind(&mut invalid);
        let limit = limit(self.limit, self.adaptive.take(), &mut invalid);
        let has_limit = limit.is_some();
        let mut config = Config::new(limit.unwrap_or(Limit::Fixed(1)));
        config.queue = self.queue.and_then(|queue| queue.config(&mut invalid));
        config.enabled = self.enabled;
        if let Some(name) = self.name {
            config.name = name.into();
        }
        let classes = self.classes.into_iter();
        config.classes = classes.map(|class| (class.name.into(), class.reserve)).collect();
        config.default_class = self.default_class.map(Into::into);
        config.is_exhausted = self.resource_exhausted;
        invalid.extend(config.invalid_fields());
        debug_assert!(has_limit || !invalid.is_empty(), "a limit that is absent is an error");
        ConfigError::check(SETTINGS, invalid, ())?;
        Ok(ConcurrencyLimitLayer::of(config, kind))
    }

    /// Returns the kind of calls, and records the fields that cannot be read.
    #[cfg(feature = "http")]
    fn kind(&mut self, invalid: &mut Vec<InvalidField>) -> DefaultKind {
        let class = ClassOf::read(self.class_header.take(), self.trusted.take(), invalid);
        DefaultKind::read(class, self.exempt_paths.take(), invalid)
    }

    #[cfg(not(feature = "http"))]
    fn kind(&mut self, invalid: &mut Vec<InvalidField>) -> DefaultKind {
        let names = [
            ("class_header", self.class_header.is_some()),
            ("trusted", self.trusted.is_some()),
            ("exempt_paths", self.exempt_paths.is_some()),
        ];
        for (name, _) in names.into_iter().filter(|(_, is_set)| *is_set) {
            invalid.push(InvalidField::new(name, "must be absent without the feature `http`"));
        }
        DefaultKind::new(crate::ByError)
    }
}

fn limit(
    fixed: Option<usize>,
    adaptive: Option<AdaptiveSettings>,
    invalid: &mut Vec<InvalidField>,
) -> Option<Limit> {
    match (fixed, adaptive) {
        (Some(limit), None) => Some(Limit::Fixed(limit)),
        (None, Some(adaptive)) => Some(Limit::Adaptive(adaptive.limit())),
        (Some(_), Some(_)) => {
            let message = "must be absent beside `adaptive`, which replaces it";
            invalid.push(InvalidField::new("limit", message));
            None
        }
        (None, None) => {
            let message = "must be the number of calls in flight, unless there is `adaptive`";
            invalid.push(InvalidField::new("limit", message));
            None
        }
    }
}

impl AdaptiveSettings {
    fn limit(self) -> Adaptive {
        let default = match self.algorithm {
            AlgorithmSetting::Gradient => Adaptive::new(adaptive::gradient()),
            AlgorithmSetting::Aimd => Adaptive::new(adaptive::aimd()),
        };
        let (min, max) = (self.min.unwrap_or(default.min), self.max.unwrap_or(default.max));
        let initial = self.initial.unwrap_or(default.initial.min(max).max(min));
        Adaptive { min, max, initial, ..default }
    }
}

impl QueueSettings {
    /// Returns the bounds of the queue, and records the fields that cannot be read.
    fn config(self, invalid: &mut Vec<InvalidField>) -> Option<QueueConfig> {
        let Some(text) = self.time else {
            let message = "must be the longest time of a call in the queue, such as 100ms";
            invalid.push(InvalidField::new("queue.time", message));
            return None;
        };
        let time: Duration = duration("queue.time", &text, invalid)?;
        Some(QueueConfig { len: self.length, time })
    }
}
