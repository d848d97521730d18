use battlement_core::{ConfigError, settings::duration};
use serde::Deserialize;

use super::header::header;
use crate::{PropagateDeadlineLayer, propagate::SETTINGS};

battlement_core::settings! {
    /// The settings of a [`PropagateDeadlineLayer`] in a configuration file.
    ///
    /// Every field is optional and has the default of [`PropagateDeadlineLayer::new`]. Unknown fields are rejected by
    /// name. `TryFrom` reports every invalid field at once; [`PropagateDeadlineLayer::try_within`] reports a margin that
    /// leaves no time of the limit of a call.
    ///
    /// ```
    /// use battlement_timeout::{
    ///     CallDeadlineLayer, CallDeadlineSettings, PropagateDeadlineLayer, PropagateDeadlineSettings,
    /// };
    ///
    /// # fn main() -> Result<(), battlement_timeout::ConfigError> {
    /// let call: CallDeadlineSettings = serde_json::from_str(r#"{ "limit": "2s" }"#).unwrap();
    /// let propagate: PropagateDeadlineSettings =
    ///     serde_json::from_str(r#"{ "header": "envoy", "margin": "20ms" }"#).unwrap();
    /// let call = CallDeadlineLayer::try_from(call)?;
    /// let propagate = PropagateDeadlineLayer::try_from(propagate)?.try_within(&call)?;
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "PropagateDeadlineSettings",
        default = "PropagateDeadlineSettings::default",
        deny_unknown_fields
    )]
    pub struct PropagateDeadlineSettings {
        /// [`PropagateDeadlineLayer::enabled`].
        pub enabled: bool,
        /// [`PropagateDeadlineLayer::header`]: `envoy`, `linkerd`, or the name of a header with whole milliseconds, such
        /// as `x-request-timeout-ms`.
        pub header: Option<String>,
        /// [`PropagateDeadlineLayer::margin`], as `5ms`.
        pub margin: Option<String>,
    }
}

impl Default for PropagateDeadlineSettings {
    fn default() -> Self {
        Self { enabled: true, header: None, margin: None }
    }
}

impl TryFrom<PropagateDeadlineSettings> for PropagateDeadlineLayer {
    type Error = ConfigError;

    fn try_from(settings: PropagateDeadlineSettings) -> Result<Self, ConfigError> {
        let (mut invalid, mut layer) = (Vec::new(), Self::new().enabled(settings.enabled));
        if let Some(header) = settings.header.and_then(|text| header(&text, &mut invalid)) {
            layer = layer.header(header);
        }
        let margin = settings.margin.and_then(|text| duration("margin", &text, &mut invalid));
        if let Some(margin) = margin {
            layer = layer.margin(margin);
        }
        ConfigError::check(SETTINGS, invalid, layer)
    }
}

#[cfg(test)]
mod tests {
    use battlement_core::InvalidField;

    use super::*;

    #[test]
    fn every_invalid_field_is_reported_at_once() {
        let json = r#"{ "header": "date", "margin": "soon" }"#;
        let settings: PropagateDeadlineSettings = serde_json::from_str(json).unwrap();
        let error = PropagateDeadlineLayer::try_from(settings).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
        assert_eq!((error.subject(), &fields[..]), (SETTINGS, &["header", "margin"][..]));
    }

    #[test]
    fn an_unknown_field_and_a_wrong_type_are_reported_by_name() {
        for (json, message) in [
            (r#"{ "margins": "5ms" }"#, "unknown field `margins`"),
            (r#"{ "margin": 5 }"#, "margin: invalid type"),
        ] {
            let error = serde_json::from_str::<PropagateDeadlineSettings>(json).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
