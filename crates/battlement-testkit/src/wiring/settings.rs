use std::{any::type_name, marker::PhantomData};

use battlement_core::{ConfigError, InvalidField};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Settings that convert to a layer.
pub trait ReadSettings: DeserializeOwned {}

impl<T: DeserializeOwned> ReadSettings for T {}

/// The settings `T` of a layer `L`.
///
/// The names of all fields are read from the error for an unknown field, so that a new field is checked as well.
#[derive(Clone, Debug)]
pub struct Settings<T, L> {
    valid: Map<String, Value>,
    invalid: Vec<(Value, Vec<&'static str>)>,
    types: PhantomData<fn(T) -> L>,
}

/// The reason why settings were rejected.
enum Rejected {
    /// A value could not be read.
    Unreadable(String),
    Invalid(ConfigError),
}

const UNKNOWN: &str = "no_such_setting";

impl<T, L> Settings<T, L>
where
    T: ReadSettings,
    L: TryFrom<T, Error = ConfigError>,
{
    /// Creates a check of settings. `valid` is a JSON object with only the required fields.
    ///
    /// # Panics
    ///
    /// Panics if `valid` is not a JSON object.
    #[must_use]
    pub fn new(valid: &str) -> Self {
        let valid = serde_json::from_str(valid);
        let valid = valid.expect("valid settings are an object of JSON");
        Self { valid, invalid: Vec::new(), types: PhantomData }
    }

    /// Adds settings that are invalid in several fields, or contradict each other; `fields` are the names of all
    /// invalid fields, in the order of the error.
    ///
    /// # Panics
    ///
    /// Panics if `invalid` is not JSON.
    #[must_use]
    pub fn invalid(
        mut self,
        invalid: &str,
        fields: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let invalid = serde_json::from_str(invalid).expect("invalid settings are JSON");
        self.invalid.push((invalid, fields.into_iter().collect()));
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Returns every error that does not name its field, and every invalid field that is not reported.
    pub fn check(&self) -> Result<(), String> {
        let mut errors = Vec::new();
        match read::<T, L>(self.valid.clone().into()) {
            Ok(()) => {}
            Err(error) => errors.push(format!("valid settings are rejected: {}", error.text())),
        }
        let fields = self.fields()?;
        errors.extend(fields.iter().flat_map(|field| self.zeros(field)));
        errors.extend(
            self.invalid
                .iter()
                .filter_map(|(invalid, fields)| all_at_once::<T, L>(invalid, fields)),
        );
        let name = type_name::<T>();
        if errors.is_empty() { Ok(()) } else { Err(format!("{name}:\n{}", errors.join("\n"))) }
    }

    /// Returns the names of all fields.
    fn fields(&self) -> Result<Vec<String>, String> {
        match read::<T, L>(self.with(UNKNOWN, json!(0))) {
            Err(Rejected::Unreadable(text)) if text.contains(UNKNOWN) => {
                let (_, expected) = text.split_once("expected").unwrap_or_default();
                Ok(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
            }
            Err(error) => Err(format!("the error does not name {UNKNOWN}: {}", error.text())),
            Ok(()) => Err(format!("the unknown field {UNKNOWN} is accepted")),
        }
    }

    /// Returns the errors for zero values of `field` that do not name it.
    fn zeros(&self, field: &str) -> Vec<String> {
        let zeros = [json!(0), json!(""), json!("0s"), json!([]), json!({}), json!(-1)];
        let unnamed = |zero: Value| {
            let error = read::<T, L>(self.with(field, zero.clone())).err()?;
            let (text, is_named) = (error.text(), error.names(field));
            (!is_named)
                .then(|| format!("{field} = {zero}: the error does not name the field: {text}"))
        };
        zeros.into_iter().filter_map(unnamed).collect()
    }

    fn with(&self, field: &str, value: Value) -> Value {
        let mut settings = self.valid.clone();
        settings.insert(field.to_owned(), value);
        settings.into()
    }
}

fn read<T, L>(settings: Value) -> Result<(), Rejected>
where
    T: ReadSettings,
    L: TryFrom<T, Error = ConfigError>,
{
    let settings: T = serde_json::from_value(settings)
        .map_err(|error| Rejected::Unreadable(error.to_string()))?;
    L::try_from(settings).map(|_| ()).map_err(Rejected::Invalid)
}

/// Returns an error if the invalid fields of `settings` are not exactly `fields`.
fn all_at_once<T, L>(settings: &Value, fields: &[&str]) -> Option<String>
where
    T: ReadSettings,
    L: TryFrom<T, Error = ConfigError>,
{
    match read::<T, L>(settings.clone()) {
        Err(Rejected::Invalid(error)) => {
            let reported: Vec<&str> = error.fields().iter().map(InvalidField::field).collect();
            (reported != fields)
                .then(|| format!("{settings}: {reported:?} are reported instead of {fields:?}"))
        }
        Err(Rejected::Unreadable(text)) => Some(format!("{settings}: not readable: {text}")),
        Ok(()) => Some(format!("{settings}: invalid settings are accepted")),
    }
}

impl Rejected {
    /// Returns whether the error is about `field`, or mentions it in backticks.
    fn names(&self, field: &str) -> bool {
        let quoted = format!("`{field}`");
        match self {
            Self::Unreadable(text) => text.starts_with(field) || text.contains(&quoted),
            Self::Invalid(error) => error.fields().iter().any(|invalid| {
                invalid.field().contains(field) || invalid.message().contains(&quoted)
            }),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Unreadable(text) => text.clone(),
            Self::Invalid(error) => error.to_string(),
        }
    }
}
