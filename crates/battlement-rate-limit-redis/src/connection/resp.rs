//! A parser for replies of the Redis protocol, version 2.

use redis::Value;

/// A reply parsed from the start of a buffer.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Value(Value),
    /// The line of an error, without its first byte.
    Error(String),
}

/// The bytes are not a reply of the Redis protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid;

/// The longest string and the most elements that are accepted. The largest reply expected is the slot table of a
/// cluster, which is far smaller.
const MAX_STRING: usize = 16 << 20;
const MAX_ELEMENTS: usize = 1 << 20;
const MAX_DEPTH: usize = 8;
/// The longest line: a server of another protocol may never end its first line.
const MAX_LINE: usize = 64 << 10;

/// Parses one reply. Returns the reply with its length in bytes, or `None` if more bytes are needed.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Invalid> {
    let mut reader = Reader { bytes, at: 0 };
    let reply = match bytes.first() {
        None => return Ok(None),
        Some(b'-') => reader.line().map(|line| line.map(|line| Reply::Error(text(&line[1..])))),
        Some(_) => reader.value(0).map(|value| value.map(Reply::Value)),
    };
    Ok(reply?.map(|reply| (reply, reader.at)))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// `None` means that the reply has not arrived completely.
type Partial<T> = Result<Option<T>, Invalid>;

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Partial<Value> {
        let Some(line) = self.line()? else { return Ok(None) };
        let (kind, rest) = line.split_first().ok_or(Invalid)?;
        match kind {
            b'$' => self.string(length(rest, MAX_STRING)?),
            b'*' if depth < MAX_DEPTH => self.array(length(rest, MAX_ELEMENTS)?, depth),
            b':' => Ok(Some(Value::Int(number(rest)?))),
            b'+' => Ok(Some(Value::SimpleString(text(rest)))),
            // An error within an array, which no command of this crate causes.
            b'-' if depth > 0 => Ok(Some(Value::Nil)),
            _ => Err(Invalid),
        }
    }

    fn string(&mut self, length: Option<usize>) -> Partial<Value> {
        let Some(length) = length else { return Ok(Some(Value::Nil)) };
        let Some(bytes) = self.bytes.get(self.at..self.at + length + 2) else { return Ok(None) };
        let (string, end) = bytes.split_at(length);
        if end != b"\r\n" {
            return Err(Invalid);
        }
        self.at += length + 2;
        Ok(Some(Value::BulkString(string.to_vec())))
    }

    fn array(&mut self, length: Option<usize>, depth: usize) -> Partial<Value> {
        let Some(length) = length else { return Ok(Some(Value::Nil)) };
        let mut values = Vec::new();
        for _ in 0..length {
            let Some(value) = self.value(depth + 1)? else { return Ok(None) };
            values.push(value);
        }
        Ok(Some(Value::Array(values)))
    }

    /// Returns the next line without its end.
    fn line(&mut self) -> Partial<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let Some(end) = rest.windows(2).position(|end| end == b"\r\n") else {
            return if rest.len() > MAX_LINE || !is_reply(rest) { Err(Invalid) } else { Ok(None) };
        };
        self.at += end + 2;
        Ok(Some(&rest[..end]))
    }
}

/// Returns whether a reply can start like this, so that another protocol is recognized before its first line ends.
fn is_reply(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|kind| b"$*:+-".contains(kind))
}

/// Parses a length, which is `None` for a null.
fn length(digits: &[u8], max: usize) -> Result<Option<usize>, Invalid> {
    match number(digits)? {
        -1 => Ok(None),
        length => {
            usize::try_from(length).ok().filter(|length| *length <= max).map(Some).ok_or(Invalid)
        }
    }
}

fn number(digits: &[u8]) -> Result<i64, Invalid> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Invalid)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(bytes: &[u8]) -> Reply {
        let (reply, length) = parse(bytes).unwrap().unwrap();
        assert_eq!(length, bytes.len());
        reply
    }

    #[test]
    fn each_kind_of_reply_is_read() {
        assert_eq!(one(b"+OK\r\n"), Reply::Value(Value::SimpleString("OK".to_owned())));
        assert_eq!(one(b":-7\r\n"), Reply::Value(Value::Int(-7)));
        assert_eq!(one(b"$-1\r\n"), Reply::Value(Value::Nil));
        assert_eq!(one(b"$4\r\na\r\nb\r\n"), Reply::Value(Value::BulkString(b"a\r\nb".to_vec())));
        assert_eq!(one(b"-ERR no\r\n"), Reply::Error("ERR no".to_owned()));
        let both = vec![Value::Int(1), Value::Array(vec![Value::Nil])];
        assert_eq!(one(b"*2\r\n:1\r\n*1\r\n*-1\r\n"), Reply::Value(Value::Array(both)));
    }

    #[test]
    fn other_protocols_are_invalid_before_their_first_line_ends() {
        for bytes in
            [&b"HTTP/1.1 400"[..], b"\x15\x03\x01", b"220 mail", b"$x\r\n", b"$-2\r\n", b"*1\r\n!"]
        {
            assert_eq!(parse(bytes), Err(Invalid), "{bytes:?}");
        }
        let deep = b"*1\r\n".repeat(MAX_DEPTH + 1);
        assert_eq!(parse(&deep), Err(Invalid));
        assert_eq!(parse(format!("${}\r\n", MAX_STRING + 1).as_bytes()), Err(Invalid));
        assert_eq!(parse(&[&b"+"[..], &[b'x'; MAX_LINE]].concat()), Err(Invalid));
    }

    /// Returns replies with their bytes.
    fn replies() -> impl Strategy<Value = (Value, Vec<u8>)> {
        let string = prop::collection::vec(any::<u8>(), 0..20).prop_map(|string| {
            let head = format!("${}\r\n", string.len());
            let bytes = [head.as_bytes(), &string, b"\r\n"].concat();
            (Value::BulkString(string), bytes)
        });
        let number =
            any::<i64>().prop_map(|number| (Value::Int(number), format!(":{number}\r\n").into()));
        let simple = "[a-zA-Z ]{0,9}"
            .prop_map(|text| (Value::SimpleString(text.clone()), format!("+{text}\r\n").into()));
        prop_oneof![string, number, simple].prop_recursive(3, 20, 5, |inner| {
            prop::collection::vec(inner, 0..5).prop_map(|all| {
                let mut bytes = format!("*{}\r\n", all.len()).into_bytes();
                let values = all.into_iter().map(|(value, more)| {
                    bytes.extend(more);
                    value
                });
                (Value::Array(values.collect()), bytes)
            })
        })
    }

    proptest! {
        #[test]
        fn a_reply_is_read_once_it_is_complete_and_not_before(
            (value, bytes) in replies(),
            rest in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            for end in 0..bytes.len() {
                prop_assert_eq!(parse(&bytes[..end]), Ok(None));
            }
            let length = bytes.len();
            prop_assert_eq!(
                parse(&[bytes, rest].concat()),
                Ok(Some((Reply::Value(value), length)))
            );
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some((_, length))) = parse(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}
