use super::{
    super::name,
    number::{Clock, Number},
};
use crate::family::Labels;

/// A line of a page, in either format.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// A blank line or a comment.
    Nothing,
    Help(&'a str, String),
    Type(&'a str, &'a str),
    Unit(&'a str, &'a str),
    Sample(Sample<'a>),
}

#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    pub(super) name: &'a str,
    pub(super) labels: Labels,
    pub(super) value: Number,
    /// In milliseconds.
    pub(super) time: Option<i64>,
    pub(super) exemplar: Option<Exemplar>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(super) labels: Labels,
    pub(super) value: Number,
    pub(super) time: Option<i64>,
}

const BLANK: [char; 2] = [' ', '\t'];

/// Parses a line, or returns the reason why it is invalid.
pub(super) fn parse(line: &str, clock: Clock) -> Result<Line<'_>, &'static str> {
    let line = line.trim_matches(BLANK);
    match line.strip_prefix('#') {
        _ if line.is_empty() => Ok(Line::Nothing),
        Some(comment) => described(comment),
        None => sample(line, clock).map(Line::Sample),
    }
}

fn described(comment: &str) -> Result<Line<'_>, &'static str> {
    let (word, rest) = split_word(comment);
    if !matches!(word, "HELP" | "TYPE" | "UNIT") {
        return Ok(Line::Nothing);
    }
    let (name, rest) = split_word(rest);
    if !name::is_metric(name) {
        return Err("the line describes a metric whose name is invalid");
    }
    Ok(match word {
        "HELP" => Line::Help(name, unescaped(rest)),
        "TYPE" => Line::Type(name, rest),
        _ => Line::Unit(name, rest),
    })
}

/// Splits off the first word and the surrounding blanks.
fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANK);
    let (word, rest) = text.split_at(text.find(BLANK).unwrap_or(text.len()));
    (word, rest.trim_start_matches(BLANK))
}

fn sample(line: &str, clock: Clock) -> Result<Sample<'_>, &'static str> {
    let (name, rest) = line.split_at(line.find([' ', '\t', '{']).unwrap_or(line.len()));
    if !name::is_metric(name) {
        return Err("the name of the metric is invalid");
    }
    let (labels, rest) = labels(rest)?;
    let (value, rest) = split_word(rest);
    let value = Number::parse(value).ok_or("the value is not a number")?;
    let (time, rest) = time(rest, clock)?;
    let exemplar = match rest.strip_prefix('#') {
        Some(exemplar) => Some(self::exemplar(exemplar, clock)?),
        None if rest.is_empty() => None,
        None => return Err("the line has more than a value and a time"),
    };
    Ok(Sample { name, labels, value, time, exemplar })
}

fn time(text: &str, clock: Clock) -> Result<(Option<i64>, &str), &'static str> {
    if text.is_empty() || text.starts_with('#') {
        return Ok((None, text));
    }
    let (time, rest) = split_word(text);
    Ok((Some(clock.parse(time).ok_or("the time is not a number")?), rest))
}

fn exemplar(text: &str, clock: Clock) -> Result<Exemplar, &'static str> {
    let (labels, rest) = labels(text)?;
    let (value, rest) = split_word(rest);
    let value = Number::parse(value).ok_or("the value of the exemplar is not a number")?;
    let (time, rest) = time(rest, clock)?;
    if rest.is_empty() {
        Ok(Exemplar { labels, value, time })
    } else {
        Err("the line has more than an exemplar")
    }
}

/// Parses optional labels in braces, and sorts them by name.
fn labels(text: &str) -> Result<(Labels, &str), &'static str> {
    let mut labels = Labels::new();
    let text = text.trim_start_matches(BLANK);
    let Some(mut rest) = text.strip_prefix('{') else {
        return Ok((labels, text));
    };
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(rest) = rest.strip_prefix('}') {
            labels.sort();
            let is_twice = labels.windows(2).any(|pair| pair[0].0 == pair[1].0);
            return if is_twice { Err("a label is given twice") } else { Ok((labels, rest)) };
        }
        let (label, after) = label(rest)?;
        labels.push(label);
        rest = after.trim_start_matches(BLANK);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("a comma is missing between labels"),
        }
    }
}

type Label = <Labels as IntoIterator>::Item;

fn label(text: &str) -> Result<(Label, &str), &'static str> {
    let (name, rest) = text.split_once('=').ok_or("a label has no value")?;
    let name = name.trim_end_matches(BLANK);
    if name::check_label(name).is_err() {
        return Err("the name of a label is invalid or reserved");
    }
    let value = rest.trim_start_matches(BLANK).strip_prefix('"').ok_or("a value has no quotes")?;
    let end = end_of_quoted(value).ok_or("a value has no closing quote")?;
    Ok(((name.to_owned().into(), unescaped(&value[..end])), &value[end + 1..]))
}

/// Returns the position of the closing quote.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    })
}

/// Resolves the escapes of either format. A backslash before any other character stays.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let escaped = match rest.as_str().chars().next() {
            Some('n') => Some('\n'),
            Some(next @ ('\\' | '"')) => Some(next),
            _ => None,
        };
        match escaped.filter(|_| character == '\\') {
            Some(escaped) => {
                rest.next();
                out.push(escaped);
            }
            None => out.push(character),
        }
    }
    out
}
