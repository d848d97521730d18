use std::{fmt, str::FromStr};

use bytes::Bytes;
use http::{Extensions, HeaderValue, Request};

use crate::{RequestFacts, hex::hex};

/// The maximum length of an id, in bytes.
const MAX_LEN: usize = 128;
/// The length of the inline buffer of most ids: a UUID or 128 bits of hex.
const SHORT_LEN: usize = 40;

/// The id of one request, in its log lines, its response and the calls made for it.
///
/// # Invariants
///
/// 1 to 128 bytes of visible ASCII without `"`, `\`, `<` and `>`: it can be written into a header, a log line, a JSON
/// string or a page unchanged. A clone is one atomic increment and does not keep the buffer of the request alive.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(HeaderValue);

/// The id of a whole flow, from the request of the first service through all services.
///
/// It has the form of a [`RequestId`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CorrelationId(pub RequestId);

/// The error of an id that is empty, longer than 128 bytes, or contains a byte that ids must not have.
///
/// Its message does not contain the id, which may be hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 1 to 128 bytes of visible ASCII without quotes, backslashes and angle brackets")
    }
}

impl std::error::Error for InvalidId {}

impl RequestId {
    /// Returns the id of `request`, if a layer has set one.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the id of the request with these extensions, for code that has only these, such as tonic's handlers.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        RequestFacts::in_extensions(extensions)?.id()
    }

    /// Returns the id of the current request: in a handler, in a poll of a body, or in a task that carries it.
    #[must_use]
    pub fn current() -> Option<Self> {
        RequestFacts::current()?.id().cloned()
    }

    /// Creates an id from `bytes`.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid id.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
        Self::of_class(bytes, ALLOWED)
    }

    /// Creates an id from `bytes` if they are a token (RFC 9110, section 5.6.2), which is stricter than
    /// [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    ///
    /// If `bytes` are not a token, or are longer than an id may be.
    pub fn from_token(bytes: &[u8]) -> Result<Self, InvalidId> {
        Self::of_class(bytes, TOKEN)
    }

    /// Writes the 16 bytes of a UUID with its dashes (RFC 9562, section 4).
    #[must_use]
    pub fn from_uuid(uuid: [u8; 16]) -> Self {
        let digits: [u8; 32] = hex(uuid);
        let mut bytes = [b'-'; SHORT_LEN];
        bytes[..8].copy_from_slice(&digits[..8]);
        bytes[9..13].copy_from_slice(&digits[8..12]);
        bytes[14..18].copy_from_slice(&digits[12..16]);
        bytes[19..23].copy_from_slice(&digits[16..20]);
        bytes[24..36].copy_from_slice(&digits[20..]);
        Self::known_good(Inline { len: 36, bytes })
    }

    /// Writes 16 bytes as 32 lowercase hexadecimal digits.
    #[must_use]
    pub fn from_hex(bytes: [u8; 16]) -> Self {
        Self::known_good(Inline::<32> { len: 32, bytes: hex(bytes) })
    }

    fn of_class(bytes: &[u8], class: u8) -> Result<Self, InvalidId> {
        if bytes.is_empty() || bytes.len() > MAX_LEN {
            return Err(InvalidId);
        }
        // No early exit: an id is short, and a loop without branches costs a third.
        let common = bytes.iter().fold(class, |common, byte| common & CLASSES[usize::from(*byte)]);
        if common == 0 {
            return Err(InvalidId);
        }
        match Inline::<SHORT_LEN>::new(bytes) {
            Some(short) => Ok(Self::known_good(short)),
            None => Inline::<MAX_LEN>::new(bytes).map(Self::known_good).ok_or(InvalidId),
        }
    }

    /// Creates an id in one allocation, which holds the bytes and the reference count. `Bytes` from a `Vec` allocates
    /// a second time when it is first cloned, and a slice of the request would keep its buffer alive.
    fn known_good<const N: usize>(text: Inline<N>) -> Self {
        let value = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
        Self(value.expect("visible ASCII makes a header's value"))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Visible ASCII is always UTF-8; the validation is the price of safe code.
        std::str::from_utf8(self.0.as_bytes()).unwrap_or_default()
    }

    /// Returns the id as a header value.
    #[must_use]
    pub const fn header_value(&self) -> &HeaderValue {
        &self.0
    }
}

/// The byte may occur in an id.
const ALLOWED: u8 = 1;
/// The byte may occur in a token.
const TOKEN: u8 = 2;

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        let allowed = !matches!(byte, b'"' | b'\\' | b'<' | b'>');
        let delimiter =
            matches!(byte, b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'[' | b']' | b'{' | b'}');
        classes[byte as usize] =
            (allowed as u8 * ALLOWED) | ((allowed && !delimiter) as u8 * TOKEN);
        byte += 1;
    }
    classes
};

struct Inline<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl<const N: usize> Inline<N> {
    fn new(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self { len: u8::try_from(from.len()).ok()?, bytes })
    }
}

impl<const N: usize> AsRef<[u8]> for Inline<N> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl CorrelationId {
    /// Returns the correlation id of `request`, if a layer has set one.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the correlation id of the request with these extensions.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        RequestFacts::in_extensions(extensions)?.correlation()
    }

    /// Returns the correlation id of the current request.
    #[must_use]
    pub fn current() -> Option<Self> {
        RequestFacts::current()?.correlation().cloned()
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<&str> for RequestId {
    type Error = InvalidId;

    fn try_from(text: &str) -> Result<Self, InvalidId> {
        Self::from_bytes(text.as_bytes())
    }
}

impl FromStr for RequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::from_bytes(text.as_bytes())
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.as_str())
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_converts_into_an_id_if_it_is_valid() {
        assert_eq!(RequestId::try_from("order-7").unwrap().as_str(), "order-7");
        assert_eq!(RequestId::try_from("not an id"), Err(InvalidId));
    }

    proptest! {
        #[test]
        fn an_id_equals_its_source_or_is_rejected(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let good = (1..=128).contains(&bytes.len())
                && bytes.iter().all(|byte| (b'!'..=b'~').contains(byte) && !b"\"\\<>".contains(byte));
            match RequestId::from_bytes(&bytes) {
                Ok(id) => {
                    prop_assert!(good);
                    prop_assert_eq!(id.as_str().as_bytes(), &bytes);
                    prop_assert_eq!(id.header_value().as_bytes(), &bytes);
                }
                Err(InvalidId) => prop_assert!(!good),
            }
        }

        #[test]
        fn a_token_is_what_rfc_9110_says(bytes in prop::collection::vec(any::<u8>(), 0..140)) {
            let tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            let good = (1..=128).contains(&bytes.len()) && bytes.iter().all(tchar);
            prop_assert_eq!(RequestId::from_token(&bytes).is_ok(), good);
        }

        #[test]
        fn every_text_of_token_characters_is_a_token(text in "[0-9A-Za-z!#$%&'*+.^_`|~-]{1,128}") {
            prop_assert!(RequestId::from_token(text.as_bytes()).is_ok());
        }

        #[test]
        fn every_text_of_allowed_bytes_is_an_id(text in "[!#-;=?-\\[\\]-~]{1,128}") {
            prop_assert_eq!(text.parse::<RequestId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn sixteen_bytes_are_written_as_a_uuid_and_as_digits() {
        let bytes = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes();
        assert_eq!(RequestId::from_uuid(bytes).as_str(), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(RequestId::from_hex(bytes).as_str(), "0123456789abcdef0123456789abcdef");
    }

    #[test]
    fn neither_debug_nor_the_error_shows_more_than_the_id() {
        let id: RequestId = "abc-123".parse().unwrap();
        assert_eq!(format!("{id:?} {id:>9}"), "RequestId(abc-123)   abc-123");
        let error = RequestId::from_bytes(b"\x1b[31mred").unwrap_err();
        assert!(!error.to_string().contains("red"));
    }
}
