use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::SeqAccessDeserializer,
    },
};

use super::{null, source_words::SourceWords};
use crate::{ConfigError, Csp, Directive, InvalidField, SourceList, config::SUBJECT};

#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CspOptions {
    #[serde(alias = "use-defaults", deserialize_with = "null::or_false")]
    use_defaults: bool,
    #[serde(deserialize_with = "null::or_default")]
    directives: Directives,
    #[serde(alias = "report-only", deserialize_with = "null::or_false")]
    pub(super) report_only: bool,
    #[serde(alias = "dangerously-disable-default-src", deserialize_with = "null::or_false")]
    dangerously_disable_default_src: bool,
    /// Sources and names of directives that this crate does not check.
    unchecked: Vec<String>,
}

impl Default for CspOptions {
    fn default() -> Self {
        Self {
            use_defaults: true,
            directives: Directives::default(),
            report_only: false,
            dangerously_disable_default_src: false,
            unchecked: Vec::new(),
        }
    }
}

impl CspOptions {
    /// Returns the policy `defaults` with these changes, each directive in its place.
    pub(super) fn policy(self, defaults: &Csp) -> Result<Csp, ConfigError> {
        let mut builder =
            if self.use_defaults { defaults.clone().change() } else { Csp::builder() };
        if self.dangerously_disable_default_src {
            builder = builder.remove(Directive::DefaultSrc).without_default_src();
        }
        let mut named: Vec<(String, String)> = Vec::new();
        let mut invalid_fields = self.unused();
        for (key, words) in self.directives.0 {
            let name = dashed(&key);
            if let Some((_, first)) = named.iter().find(|(known, _)| *known == name) {
                let message = format!("{key:?} is the same directive as {first:?}");
                invalid_fields.push(InvalidField::new("content-security-policy", message));
            } else if let (None, Some(directive)) = (&words, Directive::of_name(&name)) {
                builder = builder.remove(directive);
            } else {
                let mark = |word: String| {
                    let unchecked = self.unchecked.contains(&word);
                    (word, unchecked)
                };
                let words = SourceList::marked(words.unwrap_or_default().0.into_iter().map(mark));
                let unchecked = self.unchecked.contains(&key);
                builder = builder.replace_written((&name, &key), words, unchecked);
            }
            named.push((name, key));
        }
        match builder.build() {
            Ok(csp) => ConfigError::check(SUBJECT, invalid_fields, csp),
            Err(error) => {
                invalid_fields.extend_from_slice(error.fields());
                ConfigError::check(SUBJECT, invalid_fields, defaults.clone())
            }
        }
    }
}

impl CspOptions {
    /// Returns the unchecked entries that do not occur.
    fn unused(&self) -> Vec<InvalidField> {
        let occurs = |text: &String| {
            let word = |words: &SourceWords| words.0.contains(text);
            let directives = &self.directives.0;
            directives.iter().any(|(key, words)| key == text || words.as_ref().is_some_and(word))
        };
        let unused = self.unchecked.iter().filter(|text| !occurs(text));
        let refuse = |text| {
            let message = format!("{text:?} does not occur in the directives");
            InvalidField::new("content-security-policy.unchecked", message)
        };
        unused.map(refuse).collect()
    }
}

/// Returns `scriptSrc` as `script-src`.
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

/// Directives in the order of the file; `null`, or `false` in formats without null, removes a default.
#[derive(Clone, Debug, Default)]
struct Directives(Vec<(String, Option<SourceWords>)>);

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

/// The value of a directive, unless it is removed.
struct Sources(Option<SourceWords>);

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourcesVisitor)
    }
}

struct SourcesVisitor;

impl<'de> Visitor<'de> for SourcesVisitor {
    type Value = Sources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a list of strings, null or false")
    }

    fn visit_unit<E>(self) -> Result<Sources, E> {
        Ok(Sources(None))
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Sources, E> {
        if on { Err(E::invalid_value(Unexpected::Bool(on), &self)) } else { Ok(Sources(None)) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sources, E> {
        SourceWords::deserialize(text.into_deserializer()).map(|words| Sources(Some(words)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Sources, A::Error> {
        SourceWords::deserialize(SeqAccessDeserializer::new(list)).map(|words| Sources(Some(words)))
    }
}
