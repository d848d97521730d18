//! The remaining time as it is written in headers.

mod grpc_timeout;
mod header;

pub(crate) use self::grpc_timeout::grpc_timeout;
pub use self::header::{InvalidTimeoutHeader, TimeoutHeader};

use http::{HeaderMap, HeaderName};

/// Returns the bytes of the header `name`; none if there are several lines, since it is unknown which one applies.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

/// Returns the number that `digits`, 1 to 8 of them, stand for.
fn number(digits: &[u8]) -> Option<u64> {
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
