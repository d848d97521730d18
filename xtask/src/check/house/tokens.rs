//! Splits a Rust file into the pieces that people read.

use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree, token_stream};

/// A piece of a Rust file, with its line counted from one.
pub(super) enum Piece {
    /// The first line of a documentation comment.
    Summary { line: usize, text: String, of_function: bool },
    /// The name of a function.
    Function { line: usize, name: String },
    /// A string outside tests, without its quotes.
    Text { line: usize, text: String },
}

/// Returns the pieces of a file; strings of modules under `#[cfg(test)]` are left out.
pub(super) fn pieces(tokens: TokenStream) -> Vec<Piece> {
    let mut walk = Walk { pieces: Vec::new(), in_tests: false };
    walk.group(tokens);
    walk.pieces
}

struct Walk {
    pieces: Vec<Piece>,
    in_tests: bool,
}

/// The attributes before an item.
#[derive(Default)]
struct Attributes {
    summary: Option<(usize, String)>,
    is_test: bool,
}

type Tokens = Peekable<token_stream::IntoIter>;

impl Walk {
    fn group(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut attributes = Attributes::default();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    self.attribute(&mut tokens, &mut attributes);
                }
                other => self.item(other, &mut tokens, std::mem::take(&mut attributes)),
            }
        }
        self.summary(attributes.summary, false);
    }

    /// Reads `[..]` or `![..]` behind a `#`.
    fn attribute(&mut self, tokens: &mut Tokens, attributes: &mut Attributes) {
        let is_mark =
            |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == '!');
        let inner = tokens.next_if(is_mark).is_some();
        let is_list = |token: &TokenTree| matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Bracket);
        let Some(TokenTree::Group(list)) = tokens.next_if(is_list) else { return };
        attributes.is_test |= compact(&list) == "cfg(test)";
        let Some(text) = doc_text(&list) else { return };
        if text.trim().is_empty() || attributes.summary.is_some() {
            return;
        }
        let line = list.span_open().start().line;
        attributes.summary = Some((line, text));
        if inner {
            self.inner_summary(tokens, attributes);
        }
    }

    /// Closes a `//!` comment, which documents the module it stands in and not the next item.
    fn inner_summary(&mut self, tokens: &mut Tokens, attributes: &mut Attributes) {
        self.summary(attributes.summary.take(), false);
        let mut rest = tokens.clone();
        while let (
            Some(TokenTree::Punct(a)),
            Some(TokenTree::Punct(b)),
            Some(TokenTree::Group(list)),
        ) = (rest.next(), rest.next(), rest.next())
        {
            if a.as_char() != '#' || b.as_char() != '!' || doc_text(&list).is_none() {
                break;
            }
            tokens.nth(2);
            rest = tokens.clone();
        }
    }

    fn item(&mut self, first: TokenTree, tokens: &mut Tokens, attributes: Attributes) {
        let function = function_name(&first, tokens);
        self.summary(attributes.summary, function.is_some());
        if let Some((line, name)) = function.filter(|_| is_word(&first, "fn") || attributes.is_test)
        {
            self.pieces.push(Piece::Function { line, name });
        }
        let before = self.in_tests;
        self.in_tests |= attributes.is_test;
        self.token(first);
        if attributes.is_test {
            // All of the item, up to its braces or its semicolon.
            for token in tokens.by_ref() {
                let ends = matches!(&token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
                    || matches!(&token, TokenTree::Punct(p) if p.as_char() == ';');
                self.token(token);
                if ends {
                    break;
                }
            }
        }
        self.in_tests = before;
    }

    fn token(&mut self, token: TokenTree) {
        match token {
            TokenTree::Group(group) => self.group(group.stream()),
            TokenTree::Literal(literal) if !self.in_tests => {
                let line = literal.span().start().line;
                self.pieces.extend(string(&literal).map(|text| Piece::Text { line, text }));
            }
            _ => {}
        }
    }

    fn summary(&mut self, summary: Option<(usize, String)>, of_function: bool) {
        let piece = summary.map(|(line, text)| Piece::Summary { line, text, of_function });
        self.pieces.extend(piece);
    }
}

/// Returns the name of the function that begins at `first`, if one does.
fn function_name(first: &TokenTree, tokens: &Tokens) -> Option<(usize, String)> {
    let rest = std::iter::once(first.clone()).chain(tokens.clone());
    let mut after = rest.skip_while(|token| !is_word(token, "fn") && is_qualifier(token));
    let keyword = after.next().filter(|token| is_word(token, "fn"));
    match (keyword, after.next()) {
        (Some(_), Some(TokenTree::Ident(name))) => {
            Some((name.span().start().line, name.to_string()))
        }
        _ => None,
    }
}

/// Returns whether a token may stand before `fn`.
fn is_qualifier(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => ["pub", "const", "async", "unsafe", "extern", "default"]
            .contains(&word.to_string().as_str()),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        TokenTree::Literal(_) => true,
        TokenTree::Punct(_) => false,
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn compact(list: &Group) -> String {
    list.stream().to_string().split_whitespace().collect()
}

/// Returns the text of `doc = ".."`.
fn doc_text(list: &Group) -> Option<String> {
    let mut tokens = list.stream().into_iter();
    let is_doc = is_word(&tokens.next()?, "doc");
    match (is_doc, tokens.next()?, tokens.next()?) {
        (true, TokenTree::Punct(_), TokenTree::Literal(text)) => string(&text),
        _ => None,
    }
}

/// Returns what stands between the quotes of a string, escapes as written.
fn string(literal: &Literal) -> Option<String> {
    let written = literal.to_string();
    let raw = written.trim_start_matches('r').trim_matches('#');
    Some(raw.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}
