//! Content negotiation by `Accept` (RFC 9110, section 12.5.1).

mod range;

use http::{HeaderMap, HeaderValue, header};

use self::range::Range;

/// The longest `Accept` that is read, in bytes, over all its lines. Clients send a few hundred bytes. A longer header
/// is treated as missing, so that it costs the same as any other header.
const LONGEST: usize = 4 * 1024;

/// The `Accept` header of a request: the formats that the caller reads, with their weights.
///
/// # Example
///
/// ```
/// use battlement_core::Accept;
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::ACCEPT, HeaderValue::from_static("text/*;q=0.5, application/json"));
/// let accept = Accept::of(&headers).expect("the header is there");
/// assert_eq!(accept.preferred(&[&["text/plain"], &["application/json"]]), Some(1));
/// assert_eq!(accept.preferred(&[&["image/png"]]), None);
/// ```
#[derive(Clone, Debug)]
pub struct Accept(HeaderValue);

impl Accept {
    /// Returns the header with all its lines, unless it is missing or longer than 4 KiB.
    #[must_use]
    #[inline]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get(header::ACCEPT).and_then(|first| Self::joined(headers, first))
    }

    /// Joins all lines of the header (RFC 9110, section 5.3).
    fn joined(headers: &HeaderMap, first: &HeaderValue) -> Option<Self> {
        let lines = || headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes);
        let (count, bytes) =
            lines().fold((0, 0), |(count, bytes), line| (count + 1, bytes + line.len()));
        if bytes + count - 1 > LONGEST {
            return None;
        }
        if count == 1 {
            return Some(Self(first.clone()));
        }
        HeaderValue::from_bytes(&lines().collect::<Vec<_>>().join(&b',')).ok().map(Self)
    }

    /// Returns the index of the format with the highest weight: the first of several, and `None` if the caller accepts
    /// none of them. A format is the list of its media types, in lower case.
    #[must_use]
    pub fn preferred<const N: usize>(&self, formats: &[&[&str]; N]) -> Option<usize> {
        let weights = self.weights(formats);
        let highest = weights.into_iter().max().filter(|weight| *weight > 0)?;
        weights.into_iter().position(|weight| weight == highest)
    }

    /// Returns the weight of each format, in thousandths: that of the most specific range that matches it.
    fn weights<const N: usize>(&self, formats: &[&[&str]; N]) -> [u16; N] {
        let mut closest: [Option<(u8, u16)>; N] = [None; N];
        for range in Range::all(self.0.as_bytes()) {
            for (closest, names) in closest.iter_mut().zip(formats) {
                let matching = range.precision(names).map(|precision| (precision, range.weight));
                *closest = matching.max(*closest);
            }
        }
        closest.map(|closest| closest.map_or(0, |(_, weight)| weight))
    }
}

#[cfg(test)]
mod tests;
