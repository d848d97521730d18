use battlement_core::{ConfigError, InvalidField};
use serde::Deserialize;

use crate::{Expose, ProblemLayer};

battlement_core::settings! {
    /// The settings of a [`ProblemLayer`], as read from a configuration file.
    ///
    /// A missing field has the value of [`ProblemLayer::new`]. An unknown field is an error that names it.
    ///
    /// ```
    /// use battlement_problem::{ProblemLayer, ProblemSettings};
    ///
    /// let settings: ProblemSettings =
    ///     serde_json::from_str(r#"{ "types_at": "/problems/", "expose": "causes" }"#).unwrap();
    /// let layer = ProblemLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "ProblemSettings", default = "ProblemSettings::default", deny_unknown_fields)]
    pub struct ProblemSettings {
        /// [`ProblemLayer::enabled`].
        pub enabled: bool,
        /// [`ProblemLayer::types_at`].
        pub types_at: Option<String>,
        /// [`ProblemLayer::expose`]: `nothing` or `causes`.
        pub expose: Expose,
    }
}

impl Default for ProblemSettings {
    fn default() -> Self {
        Self { enabled: true, types_at: None, expose: Expose::default() }
    }
}

impl TryFrom<ProblemSettings> for ProblemLayer {
    type Error = ConfigError;

    /// Creates the layer.
    ///
    /// # Errors
    ///
    /// Returns an error if `types_at` is not a URI to which a code can be appended.
    fn try_from(settings: ProblemSettings) -> Result<Self, ConfigError> {
        let ProblemSettings { enabled, types_at, expose } = settings;
        let invalid = types_at.as_deref().and_then(|uri| check_types_uri(uri).err());
        ConfigError::check("problem settings", invalid.into_iter().collect(), ())?;
        let layer = Self::new().enabled(enabled).expose(expose);
        Ok(match types_at {
            Some(uri) => layer.types_at(uri),
            None => layer,
        })
    }
}

/// Checks for characters that RFC 3986, appendix A, excludes, and for an end where a code can follow.
pub(crate) fn check_types_uri(uri: &str) -> Result<(), InvalidField> {
    let fits = |byte| matches!(byte, b'!'..=b'~') && !b"\"<>\\^`{|}".contains(&byte);
    let is_open = uri.ends_with(['/', '#', ':', '=']);
    if is_open && uri.bytes().all(fits) {
        return Ok(());
    }
    let message = format!(
        "must be a URI to which a code can be appended, such as https://shop.example/problems/: without spaces and \
         quotes, and ending in `/`, `#`, `:` or `=`; got {uri:?}"
    );
    Err(InvalidField::new("types_at", message))
}
