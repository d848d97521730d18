use super::{Directive, Entry, Source, Value, builder::Draft, directive::Form, source::Keyword};
use crate::InvalidField;

/// What a builder was told, as far as it is right, and what is wrong with the rest.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) entries: Vec<Entry>,
    // What was named, even where its value was refused.
    pub(super) named: Vec<Directive>,
    pub(super) mistakes: Vec<InvalidField>,
}

impl Checked {
    pub(super) fn has(&self, directive: Directive) -> bool {
        self.named.contains(&directive)
    }

    pub(super) fn refuse(&mut self, directive: &str, message: impl Into<String>) {
        self.mistakes
            .push(InvalidField::new(format!("content-security-policy.{directive}"), message));
    }

    pub(super) fn take(&mut self, draft: Draft) {
        let Some(directive) = Directive::of_name(&draft.name) else {
            let message = match draft.name.to_ascii_lowercase().as_str() {
                "block-all-mixed-content"
                | "prefetch-src"
                | "navigate-to"
                | "plugin-types"
                | "referrer"
                | "reflected-xss"
                | "require-sri-for" => {
                    format!(
                        "{:?} is a directive that browsers have dropped; leave it out",
                        draft.name
                    )
                }
                _ => format!("{:?} is no directive", draft.name),
            };
            self.mistakes.push(InvalidField::new("content-security-policy", message));
            return;
        };
        if self.has(directive) {
            self.refuse(directive.as_str(), "stands twice");
            return;
        }
        self.named.push(directive);
        let value = if directive.takes_sources() {
            Value::Sources(self.sources(directive, &draft.words))
        } else {
            Value::Words(self.words(directive, draft.words))
        };
        self.entries.push(Entry { directive, value });
    }

    fn sources(&mut self, directive: Directive, words: &[String]) -> Vec<Source> {
        let name = directive.as_str();
        let mut list: Vec<Source> = Vec::with_capacity(words.len());
        for word in words {
            match Source::parse(word) {
                Err(problem) => self.refuse(name, format!("{word:?} {problem}")),
                Ok(source) if list.contains(&source) => {
                    self.refuse(name, format!("{word:?} stands twice"));
                }
                Ok(source) if !directive.takes(&source) => {
                    self.refuse(name, format!("{word:?} means nothing here"));
                }
                Ok(source) => list.push(source),
            }
        }
        if words.is_empty() {
            self.refuse(name, "has an empty list; write 'none' if nothing is allowed");
        }
        if list.len() > 1 && list.contains(&Source::NONE) {
            self.refuse(name, "has 'none' beside other sources");
        }
        let trusts_some =
            list.iter().any(|s| s.is_hash() || s.is_fixed_nonce() || *s == Source::NONCE);
        if list.iter().any(|source| source.is(Keyword::StrictDynamic)) && !trusts_some {
            self.refuse(name, "has 'strict-dynamic' without a nonce or a hash, so nothing may run");
        }
        list
    }

    fn words(&mut self, directive: Directive, words: Vec<String>) -> Vec<Box<str>> {
        let name = directive.as_str();
        for word in words.iter().filter(|word| !directive.takes_word(word)) {
            self.refuse(name, format!("{word:?} is nothing that may stand here"));
        }
        let count_is_right = match directive.form() {
            Form::Flag => words.is_empty(),
            Form::Sandbox | Form::TrustedTypes => true,
            Form::Uris => !words.is_empty(),
            _ => words.len() == 1,
        };
        if !count_is_right {
            self.refuse(name, format!("has {} values", words.len()));
        }
        words.into_iter().map(Into::into).collect()
    }
}
