use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::SeqAccessDeserializer,
    },
};

use super::words::Words;
use crate::{ConfigError, Csp, Directive, InvalidField, SourceList, config::SUBJECT};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CspOptions {
    #[serde(alias = "use-defaults")]
    use_defaults: Option<bool>,
    directives: Directives,
    #[serde(alias = "report-only")]
    pub(super) report_only: bool,
    #[serde(alias = "dangerously-disable-default-src")]
    dangerously_disable_default_src: bool,
}

impl CspOptions {
    /// The policy that is `defaults` with these changes, each directive at its place.
    pub(super) fn policy(self, defaults: &Csp) -> Result<Csp, ConfigError> {
        let use_defaults = self.use_defaults.unwrap_or(true);
        let mut builder = if use_defaults { defaults.clone().change() } else { Csp::builder() };
        if self.dangerously_disable_default_src {
            builder = builder.remove(Directive::DefaultSrc).without_default_src();
        }
        let mut named: Vec<String> = Vec::new();
        let mut mistakes = Vec::new();
        for (key, words) in self.directives.0 {
            let name = dashed(&key);
            if named.contains(&name) {
                let message = format!("{name:?} stands twice, the second time as {key:?}");
                mistakes.push(InvalidField::new("content-security-policy", message));
            } else if words.is_some() || Directive::of_name(&name).is_none() {
                builder =
                    builder.replace_named(&name, SourceList::from(words.unwrap_or_default().0));
            } else if let Some(directive) = Directive::of_name(&name) {
                builder = builder.remove(directive);
            }
            named.push(name);
        }
        match builder.build() {
            Ok(csp) => ConfigError::check(SUBJECT, mistakes, csp),
            Err(error) => {
                mistakes.extend_from_slice(error.fields());
                ConfigError::check(SUBJECT, mistakes, defaults.clone())
            }
        }
    }
}

/// `scriptSrc` as `script-src`.
pub(super) fn dashed(name: &str) -> String {
    let mut dashed = String::with_capacity(name.len() + 2);
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(char.to_ascii_lowercase());
    }
    dashed
}

/// Directives in the order of the file; `null`, or `false` where a format has no null, takes a default out.
#[derive(Clone, Debug, Default)]
struct Directives(Vec<(String, Option<Words>)>);

impl<'de> Deserialize<'de> for Directives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DirectivesVisitor)
    }
}

struct DirectivesVisitor;

impl<'de> Visitor<'de> for DirectivesVisitor {
    type Value = Directives;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of directives")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Directives, A::Error> {
        let mut directives = Vec::new();
        while let Some((name, Sources(sources))) = map.next_entry()? {
            directives.push((name, sources));
        }
        Ok(Directives(directives))
    }
}

/// The value of a directive, if it is not taken out.
struct Sources(Option<Words>);

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourcesVisitor)
    }
}

struct SourcesVisitor;

impl<'de> Visitor<'de> for SourcesVisitor {
    type Value = Sources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, null or false")
    }

    fn visit_unit<E>(self) -> Result<Sources, E> {
        Ok(Sources(None))
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Sources, E> {
        if on { Err(E::invalid_value(Unexpected::Bool(on), &self)) } else { Ok(Sources(None)) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sources, E> {
        Words::deserialize(text.into_deserializer()).map(|words| Sources(Some(words)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Sources, A::Error> {
        Words::deserialize(SeqAccessDeserializer::new(list)).map(|words| Sources(Some(words)))
    }
}
