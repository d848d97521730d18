use super::{Csp, Directive, DirectiveEntry, Name, Source, Value, source::Keyword};
use crate::When;

/// A written policy, split where the nonce of a request goes.
#[derive(Clone, Debug)]
pub(crate) struct Parts(Vec<String>);

impl Parts {
    /// Returns the policy of a response whose handler has read its nonce.
    pub(crate) fn nonced(csp: &Csp, https: bool) -> Self {
        let mut parts = Self(vec![String::new()]);
        csp.write(https, |entry, first| {
            parts.text(if first { "" } else { ";" });
            parts.text(entry.name.as_str());
            match &entry.value {
                Value::Sources(list) => list.iter().for_each(|source| parts.source(source)),
                Value::Words(words) => parts.text(&spaced(words)),
            }
        });
        parts
    }

    pub(crate) fn with(&self, nonce: &str) -> String {
        let len = self.0.iter().map(String::len).sum::<usize>() + nonce.len() * self.0.len();
        let mut text = String::with_capacity(len);
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                text.push_str(nonce);
            }
            text.push_str(part);
        }
        text
    }

    fn text(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.push_str(text);
        }
    }

    fn source(&mut self, source: &Source) {
        if *source == Source::NONCE {
            self.text(" 'nonce-");
            self.0.push("'".to_owned());
        } else {
            self.text(&format!(" {source}"));
        }
    }
}

/// Returns the policy of a response whose handler has not read its nonce, and which has none.
///
/// It is never weaker than the one with a nonce: sources that a nonce or `'strict-dynamic'` overrules in a browser are
/// removed with it, and do not become effective again.
pub(crate) fn unread(csp: &Csp, https: bool) -> String {
    let mut text = String::new();
    csp.write(https, |entry, first| {
        push(&mut text, first, &entry.name);
        match &entry.value {
            Value::Sources(list) => text.push_str(&spaced(&without_nonce(list))),
            Value::Words(words) => text.push_str(&spaced(words)),
        }
    });
    text
}

/// Returns the policy as it was built.
pub(super) fn verbatim(csp: &Csp) -> String {
    let mut text = String::new();
    csp.write(true, |entry, first| {
        push(&mut text, first, &entry.name);
        match &entry.value {
            Value::Sources(list) => text.push_str(&spaced(list)),
            Value::Words(words) => text.push_str(&spaced(words)),
        }
    });
    text
}

fn push(text: &mut String, first: bool, name: &Name) {
    text.push_str(if first { "" } else { ";" });
    text.push_str(name.as_str());
}

fn spaced(values: &[impl ToString]) -> String {
    values.iter().map(|value| format!(" {}", value.to_string())).collect()
}

fn without_nonce(list: &[Source]) -> Vec<Source> {
    if !list.contains(&Source::NONCE) {
        return list.to_vec();
    }
    let strict = list.iter().any(|source| source.is(Keyword::StrictDynamic));
    let trusts_more = list.iter().any(|source| source.is_hash() || source.is_fixed_nonce());
    let stays = |source: &&Source| {
        let overruled = source.is(Keyword::UnsafeInline) || (strict && source.is_place());
        let idle = source.is(Keyword::StrictDynamic) && !trusts_more;
        // The effect of the source without the nonce is unknown.
        **source != Source::NONCE && !overruled && !idle && !source.is_unchecked()
    };
    let rest: Vec<_> = list.iter().filter(stays).cloned().collect();
    let allows = |source: &Source| source.is_place() || source.is_hash() || source.is_fixed_nonce();
    if rest.iter().any(allows) { rest } else { vec![Source::NONE] }
}

impl Csp {
    /// Calls `each` with the entries of a response over http or https.
    fn write(&self, https: bool, mut each: impl FnMut(&DirectiveEntry, bool)) {
        let upgrades = https || self.upgrade == When::Always;
        let sent =
            |entry: &&DirectiveEntry| upgrades || entry.name != Directive::UpgradeInsecureRequests;
        for (index, entry) in self.entries.iter().filter(sent).enumerate() {
            each(entry, index == 0);
        }
    }
}
