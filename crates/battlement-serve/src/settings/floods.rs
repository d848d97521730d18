use serde::Deserialize;

use crate::{FloodLimits, Rate};

battlement_core::settings! {
    /// The [`FloodLimits`] of a server in a configuration file. Every field is optional.
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "FloodSettings", default = "FloodSettings::default", deny_unknown_fields)]
    pub struct FloodSettings {
        /// [`FloodLimits::resets`].
        pub resets: Option<RateSettings>,
        /// [`FloodLimits::provoked_resets`].
        pub provoked_resets: Option<RateSettings>,
        /// [`FloodLimits::continuations`].
        pub continuations: Option<RateSettings>,
        /// [`FloodLimits::empty_data`].
        pub empty_data: Option<RateSettings>,
        /// [`FloodLimits::settings`].
        pub settings: Option<RateSettings>,
        /// [`FloodLimits::pings`].
        pub pings: Option<RateSettings>,
    }
}

battlement_core::settings! {
    /// A [`Rate`] in a configuration file: `{ "burst": 1000, "per_second": 100 }`.
    #[derive(Clone, Copy, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "RateSettings", deny_unknown_fields)]
    pub struct RateSettings {
        /// [`Rate::burst`].
        pub burst: u32,
        /// [`Rate::per_second`].
        pub per_second: u32,
    }
}

impl From<FloodSettings> for FloodLimits {
    /// Sets the rates that the settings have. The server checks them with its other limits.
    fn from(settings: FloodSettings) -> Self {
        type Set = fn(FloodLimits, Rate) -> FloodLimits;
        let rates: [(Option<RateSettings>, Set); 6] = [
            (settings.resets, Self::resets),
            (settings.provoked_resets, Self::provoked_resets),
            (settings.continuations, Self::continuations),
            (settings.empty_data, Self::empty_data),
            (settings.settings, Self::settings),
            (settings.pings, Self::pings),
        ];
        rates.into_iter().fold(Self::new(), |limits, (rate, set)| match rate {
            Some(rate) => set(limits, Rate::new(rate.burst, rate.per_second)),
            None => limits,
        })
    }
}
