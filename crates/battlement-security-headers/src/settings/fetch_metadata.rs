use serde::Deserialize;

use crate::{ConfigError, FetchMetadataLayer};

battlement_core::settings! {
    /// The settings of a [`FetchMetadataLayer`], as read from a configuration file.
    ///
    /// `TryFrom` returns every error at once.
    ///
    /// ```
    /// use battlement_security_headers::{FetchMetadataLayer, FetchMetadataSettings};
    ///
    /// let settings: FetchMetadataSettings = serde_json::from_str(
    ///     r#"{ "reportOnly": true, "exemptPaths": ["/fonts/"] }"#,
    /// ).unwrap();
    /// let layer = FetchMetadataLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "FetchMetadataSettings",
        default = "FetchMetadataSettings::default",
        rename_all = "camelCase",
        deny_unknown_fields,
    )]
    pub struct FetchMetadataSettings {
        /// [`FetchMetadataLayer::enabled`].
        pub enabled: bool,
        /// [`FetchMetadataLayer::report_only`].
        #[serde(alias = "report-only")]
        pub report_only: bool,
        /// [`FetchMetadataLayer::same_site`].
        #[serde(alias = "same-site")]
        pub same_site: bool,
        /// [`FetchMetadataLayer::exempt_paths`].
        #[serde(alias = "exempt-paths")]
        pub exempt_paths: Vec<String>,
    }
}

impl Default for FetchMetadataSettings {
    fn default() -> Self {
        Self { enabled: true, report_only: false, same_site: true, exempt_paths: Vec::new() }
    }
}

impl TryFrom<FetchMetadataSettings> for FetchMetadataLayer {
    type Error = ConfigError;

    fn try_from(settings: FetchMetadataSettings) -> Result<Self, ConfigError> {
        Self::new()
            .enabled(settings.enabled)
            .report_only(settings.report_only)
            .same_site(settings.same_site)
            .try_exempt_paths(settings.exempt_paths)
    }
}
