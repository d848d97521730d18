use super::{
    Directive, DirectiveEntry, Name, Source, Value,
    builder::Draft,
    directive::Form,
    list::Word,
    source::{Keyword, is_inert},
};
use crate::InvalidField;

/// The valid part of a builder's input, and the errors in the rest.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) entries: Vec<DirectiveEntry>,
    // The named directives, including those whose values are invalid.
    pub(super) named: Vec<Name>,
    pub(super) invalid_fields: Vec<InvalidField>,
}

const DROPPED: [&str; 7] = [
    "block-all-mixed-content",
    "prefetch-src",
    "navigate-to",
    "plugin-types",
    "referrer",
    "reflected-xss",
    "require-sri-for",
];

impl Checked {
    pub(super) fn has(&self, name: &Name) -> bool {
        self.named.contains(name)
    }

    pub(super) fn refuse(&mut self, directive: &str, message: impl Into<String>) {
        self.invalid_fields
            .push(InvalidField::new(format!("content-security-policy.{directive}"), message));
    }

    pub(super) fn take(&mut self, draft: Draft) {
        let name = match name(&draft) {
            Ok(name) => name,
            Err(problem) => {
                let message = format!("{:?} {problem}", draft.written);
                self.invalid_fields.push(InvalidField::new("content-security-policy", message));
                return;
            }
        };
        if self.has(&name) {
            self.refuse(&draft.written, "is a duplicate");
            return;
        }
        self.named.push(name.clone());
        let value = match &name {
            Name::Known(directive) if directive.takes_sources() => {
                Value::Sources(self.sources(&draft.written, *directive, &draft.words))
            }
            Name::Known(directive) => {
                Value::Words(self.words(&draft.written, *directive, draft.words))
            }
            Name::Unchecked(_) => Value::Words(self.inert(&draft.written, draft.words)),
        };
        self.entries.push(DirectiveEntry { name, value });
    }

    fn sources(&mut self, written: &str, directive: Directive, words: &[Word]) -> Vec<Source> {
        let mut list: Vec<Source> = Vec::with_capacity(words.len());
        for Word { text, unchecked } in words {
            match if *unchecked { Source::unchecked(text) } else { text.parse() } {
                Err(error) => self.refuse(written, error.to_string()),
                Ok(source) if list.contains(&source) => {
                    self.refuse(written, format!("{text:?} is a duplicate"));
                }
                Ok(source) if !directive.takes(&source) => {
                    self.refuse(written, format!("{text:?} has no effect in this directive"));
                }
                Ok(source) => list.push(source),
            }
        }
        if words.is_empty() {
            self.refuse(written, "must not be empty; use 'none' to allow no source");
        }
        if list.len() > 1 && list.contains(&Source::NONE) {
            self.refuse(written, "must not combine 'none' with other sources");
        }
        let trusts_some =
            list.iter().any(|source| source.trusts_scripts() || *source == Source::NONCE);
        if list.iter().any(|source| source.is(Keyword::StrictDynamic)) && !trusts_some {
            self.refuse(
                written,
                "has 'strict-dynamic' without a nonce or a hash, so no script may run",
            );
        }
        list
    }

    fn words(&mut self, written: &str, directive: Directive, words: Vec<Word>) -> Vec<Word> {
        for Word { text, unchecked } in &words {
            if !(directive.takes_word(text) || *unchecked && is_inert(text)) {
                self.refuse(written, format!("{text:?} is not a valid value for this directive"));
            }
        }
        let count_is_right = match directive.form() {
            Form::Flag => words.is_empty(),
            Form::Sandbox | Form::TrustedTypes => true,
            Form::Uris => !words.is_empty(),
            _ => words.len() == 1,
        };
        if !count_is_right {
            self.refuse(written, format!("must have one value, got {}", words.len()));
        }
        words
    }

    /// Returns the values of an unknown directive.
    fn inert(&mut self, written: &str, words: Vec<Word>) -> Vec<Word> {
        for Word { text, .. } in words.iter().filter(|word| !is_inert(&word.text)) {
            let message = format!("{text:?} must be visible ASCII without `;`, `,` and `\"`");
            self.refuse(written, message);
        }
        words
    }
}

fn name(draft: &Draft) -> Result<Name, &'static str> {
    if let Some(directive) = Directive::of_name(&draft.name) {
        return Ok(Name::Known(directive));
    }
    let lower = draft.name.to_ascii_lowercase();
    if DROPPED.contains(&&*lower) {
        return Err("is a directive that browsers no longer support; remove it");
    }
    let is_name = lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match draft.unchecked && is_name && !lower.is_empty() {
        true => Ok(Name::Unchecked(lower.into())),
        false => Err("is not a known directive; if browsers know it, allow it as unchecked"),
    }
}
