use std::sync::Arc;

use super::trim_ows;

/// The maximum number of members of a list.
const MAX_MEMBERS: usize = 32;
/// The maximum length of a list that is passed on, in bytes: the minimum that the specification requires, which
/// suffices.
const MAX_LEN: usize = 512;
/// The length, in bytes, above which members are removed first when a list is too long.
const LONG_MEMBER: usize = 128;
/// The maximum length of a key or a value, in bytes.
const MAX_PART: usize = 256;

/// Combines the `tracestate` headers of a request, in their order, into one list.
///
/// Returns `None` if the list is empty, if a member is malformed, or if there are more than 32 members: a malformed
/// list is dropped as a whole. Empty members are allowed and omitted. A duplicate key keeps its first member, which is
/// the newest. A list of more than 512 bytes loses whole members: first those of more than 128 bytes, then the last.
pub(crate) fn combine_tracestate<'a>(
    headers: impl IntoIterator<Item = &'a [u8]>,
) -> Option<Arc<str>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    let mut count = 0;
    for member in headers.into_iter().flat_map(|header| header.split(|byte| *byte == b',')) {
        let member = trim_ows(member);
        if member.is_empty() {
            continue;
        }
        let member = Member::parse(member)?;
        count += 1;
        if count > MAX_MEMBERS {
            return None;
        }
        if !members.iter().any(|other| other.key() == member.key()) {
            members.push(member);
        }
    }
    shorten(&mut members);
    let members: Vec<&str> = members.into_iter().map(|member| member.text).collect();
    if members.is_empty() { None } else { Some(members.join(",").into()) }
}

struct Member<'a> {
    text: &'a str,
    key_len: usize,
}

impl<'a> Member<'a> {
    fn parse(member: &'a [u8]) -> Option<Self> {
        let key_len = member.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&member[..key_len], &member[key_len + 1..]);
        if !is_key(key) || !is_value(value) {
            return None;
        }
        Some(Self { text: std::str::from_utf8(member).ok()?, key_len })
    }

    fn key(&self) -> &str {
        &self.text[..self.key_len]
    }
}

/// Returns whether `key` matches `( lcalpha / DIGIT ) 0*255 ( lcalpha / DIGIT / "_" / "-" / "*" / "/" / "@" )`.
fn is_key(key: &[u8]) -> bool {
    let is_first = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    key.first().is_some_and(is_first)
        && key.len() <= MAX_PART
        && key.iter().all(|byte| is_first(byte) || b"_-*/@".contains(byte))
}

/// Returns whether `value`, trimmed at the end, matches `0*255( %x20 / nblk-chr ) nblk-chr`: printable ASCII except
/// `,` and `=`.
fn is_value(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= MAX_PART
        && value.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

fn shorten(members: &mut Vec<Member<'_>>) {
    let mut len = members.iter().map(|member| member.text.len() + 1).sum::<usize>();
    // There is one comma less than members.
    while len > MAX_LEN + 1 {
        let long = members.iter().rposition(|member| member.text.len() > LONG_MEMBER);
        let removed = members.remove(long.unwrap_or(members.len() - 1));
        len -= removed.text.len() + 1;
    }
}
