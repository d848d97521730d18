use serde::{Deserialize, Deserializer};

/// The settings of an adaptive limit in a configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveSettings {
    /// `gradient` or `aimd`.
    pub algorithm: AlgorithmSetting,
    /// The least value of [`ConcurrencyLimitLayer::bounds`](crate::ConcurrencyLimitLayer::bounds).
    pub min: Option<usize>,
    /// The largest value of [`ConcurrencyLimitLayer::bounds`](crate::ConcurrencyLimitLayer::bounds).
    pub max: Option<usize>,
    /// [`ConcurrencyLimitLayer::initial`](crate::ConcurrencyLimitLayer::initial).
    pub initial: Option<usize>,
}

/// The settings of a queue in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// The number of calls that may wait at once.
    pub length: usize,
    /// The longest time of a call in the queue, as `100ms`; required.
    #[serde(default)]
    pub time: Option<String>,
}

/// The settings of a class in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSettings {
    /// The name.
    pub name: String,
    /// The share of the limit that lower classes may not use, 0 to 1.
    #[serde(default)]
    pub reserve: f64,
}

/// The algorithm of an adaptive limit in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlgorithmSetting {
    /// [`ConcurrencyLimitLayer::adaptive`](crate::ConcurrencyLimitLayer::adaptive).
    #[default]
    Gradient,
    /// [`ConcurrencyLimitLayer::aimd`](crate::ConcurrencyLimitLayer::aimd).
    Aimd,
}

#[derive(Deserialize)]
#[serde(remote = "AlgorithmSetting", rename_all = "snake_case")]
enum Plain {
    Gradient,
    Aimd,
}

impl<'de> Deserialize<'de> for AlgorithmSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plain::deserialize(battlement_core::settings::PlainEnum::new(deserializer))
    }
}
