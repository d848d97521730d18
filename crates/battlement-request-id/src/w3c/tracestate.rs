use std::sync::Arc;

use super::trim_ows;

/// Members a list may have.
const MAX_MEMBERS: usize = 32;
/// Bytes of a list that travel on: what the specification asks for at least, and enough.
const MAX_LEN: usize = 512;
/// Members longer than this go first when a list is too long.
const LONG_MEMBER: usize = 128;
/// Bytes a key or a value may have.
const MAX_PART: usize = 256;

/// Combines the `tracestate` headers of a request, in their order, into one list.
///
/// Returns `None` if nothing is left, or if any member is malformed or there are more than 32 members: a list
/// that is not well-formed is dropped as a whole. Empty members are allowed and left out. A duplicate key keeps
/// its first member, which is the newest. A list of more than 512 bytes loses whole members:
/// first those of more than 128 bytes, then the last.
pub fn combine_tracestate<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Option<Arc<str>> {
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

/// `( lcalpha / DIGIT ) 0*255 ( lcalpha / DIGIT / "_" / "-" / "*" / "/" / "@" )`
fn is_key(key: &[u8]) -> bool {
    let is_first = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    key.first().is_some_and(is_first)
        && key.len() <= MAX_PART
        && key.iter().all(|byte| is_first(byte) || b"_-*/@".contains(byte))
}

/// `0*255( %x20 / nblk-chr ) nblk-chr`, printable ASCII but `,` and `=`; the end is trimmed already.
fn is_value(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= MAX_PART
        && value.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

fn shorten(members: &mut Vec<Member<'_>>) {
    let mut len = members.iter().map(|member| member.text.len() + 1).sum::<usize>();
    // One comma less than members.
    while len > MAX_LEN + 1 {
        let long = members.iter().rposition(|member| member.text.len() > LONG_MEMBER);
        let removed = members.remove(long.unwrap_or(members.len() - 1));
        len -= removed.text.len() + 1;
    }
}
