use std::fmt;

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

/// The error of a `types_at` that contains invalid characters, or does not end where a code can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTypesUri;

impl Default for ProblemSettings {
    fn default() -> Self {
        Self { enabled: true, types_at: None, expose: Expose::default() }
    }
}

impl TryFrom<ProblemSettings> for ProblemLayer {
    type Error = InvalidTypesUri;

    /// Creates the layer.
    ///
    /// # Errors
    ///
    /// Returns an error if `types_at` is not a URI to which a code can be appended.
    fn try_from(settings: ProblemSettings) -> Result<Self, InvalidTypesUri> {
        let layer = Self::new().enabled(settings.enabled).expose(settings.expose);
        match settings.types_at {
            Some(uri) => check_types_uri(&uri).map(|()| layer.types_at(uri)),
            None => Ok(layer),
        }
    }
}

/// Checks for characters that RFC 3986, appendix A, excludes, and for an end where a code can follow.
pub(crate) fn check_types_uri(uri: &str) -> Result<(), InvalidTypesUri> {
    let fits = |byte| matches!(byte, b'!'..=b'~') && !b"\"<>\\^`{|}".contains(&byte);
    let is_open = uri.ends_with(['/', '#', ':', '=']);
    if is_open && uri.bytes().all(fits) { Ok(()) } else { Err(InvalidTypesUri) }
}

impl fmt::Display for InvalidTypesUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "`types_at` is not a URI to which a code can be appended: use a URI such as https://shop.example/problems/, \
             without spaces and quotes, that ends in `/`, `#`, `:` or `=`",
        )
    }
}

impl std::error::Error for InvalidTypesUri {}
