//! Reads which paths a Rust file imports or names, outside of tests.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The segments of a path, such as `crate`, `store` and `Query`.
pub(super) type Segments = Vec<String>;

/// The imports of one file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Imports {
    /// The paths of all imported names.
    pub(super) names: BTreeMap<String, Segments>,
    /// The imported names that the file exports.
    pub(super) exported: BTreeSet<String>,
    /// The paths in code.
    paths: Vec<Segments>,
    /// The words of the code, by which an exported name is used in the file itself.
    words: BTreeSet<String>,
}

impl Imports {
    pub(super) fn read(tokens: TokenStream) -> Self {
        let mut imports = Self::default();
        imports.scan(tokens);
        imports
    }

    /// Returns the paths that the file itself uses, rather than only exports.
    pub(super) fn used(&self) -> impl Iterator<Item = &Segments> {
        let is_used = |name: &String| !self.exported.contains(name) || self.words.contains(name);
        let imported = self.names.iter().filter(move |(name, _)| is_used(name));
        imported.map(|(_, path)| path).chain(&self.paths)
    }

    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let (mut at, mut is_public) = (0, false);
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at + 1..];
            match token {
                _ if is_test(token, rest) => at += 1 + item_length(&rest[1..]),
                TokenTree::Ident(word) if word == "pub" => {
                    is_public = true;
                    at += usize::from(is_group(rest.first(), Delimiter::Parenthesis));
                }
                TokenTree::Ident(word) if word == "use" => {
                    let length = item_length(rest);
                    self.import(&rest[..length], is_public);
                    (at, is_public) = (at + length, false);
                }
                TokenTree::Ident(word) if word == "mod" => {
                    // The name of the module, which is not a use of it.
                    (at, is_public) = (at + 1, false);
                }
                TokenTree::Ident(_) => {
                    at += self.path(&tokens[at..]) - 1;
                    is_public = false;
                }
                TokenTree::Group(group) => self.scan(group.stream()),
                _ => {}
            }
            at += 1;
        }
    }

    /// Notes the path or the word at the start of `tokens`, and returns the number of its tokens.
    fn path(&mut self, tokens: &[TokenTree]) -> usize {
        let mut path = Segments::new();
        let mut at = 0;
        while let Some(TokenTree::Ident(word)) = tokens.get(at) {
            path.push(word.to_string());
            self.words.insert(word.to_string());
            at += 1;
            if !is_separator(&tokens[at..]) {
                break;
            }
            at += 2;
        }
        if path.len() > 1 {
            self.paths.push(path);
        }
        at.max(1)
    }

    fn import(&mut self, tree: &[TokenTree], is_public: bool) {
        for (path, name) in branches(tree, &[]) {
            if is_public {
                self.exported.insert(name.clone());
            }
            self.names.insert(name, path);
        }
    }
}

/// Returns the path of each name that a tree of imports brings into scope.
fn branches(tree: &[TokenTree], prefix: &[String]) -> Vec<(Segments, String)> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let branches = tree.split(is_comma).filter(|branch| !branch.is_empty());
    branches.flat_map(|branch| self::branch(branch, prefix.to_vec())).collect()
}

fn branch(tokens: &[TokenTree], mut path: Segments) -> Vec<(Segments, String)> {
    let mut alias = None;
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                alias = tokens.next().map(ToString::to_string);
            }
            // `self` in braces is the module before them.
            TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                return branches(&inner, &path);
            }
            _ => {}
        }
    }
    let name = alias.or_else(|| path.last().cloned());
    name.map(|name| (path, name)).into_iter().collect()
}

/// Returns whether `#[cfg(test)]` begins here.
fn is_test(token: &TokenTree, rest: &[TokenTree]) -> bool {
    let is_mark = matches!(token, TokenTree::Punct(p) if p.as_char() == '#');
    let text = rest.first().map(|list| list.to_string().split_whitespace().collect::<String>());
    is_mark && text.as_deref() == Some("[cfg(test)]")
}

/// Returns the number of tokens up to the end of an item: its semicolon, or its braces unless a semicolon follows, as in
/// an import.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_import = tokens.first().is_some_and(|token| !is_keyword(token));
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_import,
        _ => false,
    };
    tokens.iter().position(ends).map_or(tokens.len(), |last| last + 1)
}

/// Returns whether an item other than the tree of an import begins with this token.
fn is_keyword(token: &TokenTree) -> bool {
    const KEYWORDS: [&str; 12] = [
        "async", "const", "enum", "fn", "impl", "mod", "pub", "static", "struct", "trait", "type",
        "unsafe",
    ];
    let is_attribute = matches!(token, TokenTree::Punct(p) if p.as_char() == '#');
    is_attribute
        || matches!(token, TokenTree::Ident(word) if KEYWORDS.contains(&word.to_string().as_str()))
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn is_separator(tokens: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ':');
    tokens.len() > 2 && tokens[..2].iter().all(is_colon) && matches!(tokens[2], TokenTree::Ident(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Imports {
        Imports::read(text.parse().expect("the text is Rust"))
    }

    fn paths(imports: &Imports) -> Vec<String> {
        imports.used().map(|path| path.join("::")).collect()
    }

    #[test]
    fn each_name_of_a_tree_has_its_path() {
        let imports =
            read("use crate::{Query, store::{self, Later as Boxed},};\nuse super::clock;\n");
        let names: Vec<_> = imports.names.keys().collect();
        assert_eq!(names, ["Boxed", "Query", "clock", "store"]);
        assert_eq!(
            paths(&imports),
            ["crate::store::Later", "crate::Query", "super::clock", "crate::store"]
        );
    }

    #[test]
    fn exported_names_are_kept_apart() {
        let imports = read("pub(crate) use self::{key::Key, slot as place};\nfn f() {}\nuse b::C;");
        assert!(imports.exported.iter().eq(["Key", "place"]));
        assert_eq!(imports.names["place"], ["self", "slot"]);
        assert_eq!(paths(&imports), ["b::C"]);
        let parent = read("pub use self::key::Key;\nfn hash(key: Key) {}");
        assert_eq!(paths(&parent), ["self::key::Key"]);
    }

    #[test]
    fn paths_in_code_count_and_those_in_tests_and_comments_do_not() {
        let text = "/// [`Key`](crate::Key)\nfn f() -> u8 { crate::clock::now(super::x) }\n\
                    #[cfg(test)]\nmod tests { use crate::store::Store; }\n\
                    #[cfg(test)]\nuse crate::{a, b};\nfn g() { slot::of() }";
        assert_eq!(paths(&read(text)), ["crate::clock::now", "super::x", "slot::of"]);
    }
}
