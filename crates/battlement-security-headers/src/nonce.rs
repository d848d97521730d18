use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::{Extensions, Request};

/// The nonce of one request's policy: 128 bits of the operating system's randomness, in 22 characters that need no
/// escape in HTML.
///
/// The nonce is generated when it is first read. If the handler has read it, the policy of the response contains it,
/// and the response must not be stored (`Cache-Control: no-store`, unless the handler sets the header). Otherwise the
/// response has a policy without a nonce, which allows nothing more.
///
/// Nested layers share the nonce of the outermost one.
///
/// The head of a response is sent before its body is polled. A nonce that is first read by the body is empty and
/// matches nothing, so read it in the handler.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{CspNonce, SecurityHeadersLayer};
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let service = ServiceBuilder::new()
///     .layer(SecurityHeadersLayer::html())
///     .service(service_fn(async |request: Request<()>| {
///         let nonce = CspNonce::of(&request).unwrap();
///         let page = format!("<script nonce=\"{nonce}\">start()</script>");
///         Ok::<_, std::convert::Infallible>(Response::new(page))
///     }));
/// let response = service.oneshot(Request::new(())).await.unwrap();
/// let policy = response.headers()["content-security-policy"].to_str().unwrap();
/// assert!(policy.contains("script-src 'nonce-"));
/// # }
/// ```
#[derive(Clone)]
pub struct CspNonce(Arc<OnceLock<Option<Text>>>);

/// 128 bits in base64 of the URL-safe alphabet, without padding.
type Text = [u8; 22];

impl CspNonce {
    /// Returns the nonce of `request`, if an outer layer has a policy with one.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the nonce in `extensions`, for code that has only the parts of a request.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Returns the nonce in the form of an attribute.
    ///
    /// Empty if it is first read after the head of the response was sent, or if the operating system has no
    /// randomness: a script with an empty nonce does not run.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_str(self.0.get_or_init(make))
    }

    /// Returns the nonce if it was read. An unread nonce is empty from then on.
    fn close(&self) -> Option<&str> {
        Some(as_str(self.0.get_or_init(|| None))).filter(|text| !text.is_empty())
    }

    /// Returns the nonce if it was read.
    fn read(&self) -> Option<&str> {
        self.0.get().map(as_str).filter(|text| !text.is_empty())
    }
}

/// A layer's reference to the nonce of one request.
#[derive(Debug)]
pub(crate) struct Offer {
    nonce: CspNonce,
    /// Whether the request already had the nonce, so that a layer further out closes it.
    shared: bool,
}

impl Offer {
    /// Takes the nonce in `extensions`, or inserts an unread one.
    pub(crate) fn to(extensions: &mut Extensions) -> Self {
        let mut shared = true;
        let nonce = extensions.get_or_insert_with(|| {
            shared = false;
            CspNonce(Arc::default())
        });
        Self { nonce: nonce.clone(), shared }
    }

    /// Returns the nonce if it was read, for the policy that is about to be written.
    pub(crate) fn settle(&self) -> Option<&str> {
        if self.shared { self.nonce.read() } else { self.nonce.close() }
    }
}

fn as_str(text: &Option<Text>) -> &str {
    let text = text.as_ref().and_then(|text| std::str::from_utf8(text).ok());
    text.unwrap_or_default()
}

fn make() -> Option<Text> {
    let mut bits = [0; 16];
    match getrandom::fill(&mut bits) {
        Ok(()) => Some(base64(bits)),
        Err(error) => {
            tracing::error!(%error, "cannot generate a nonce, since the operating system provides no random bytes; scripts of the page will not run");
            None
        }
    }
}

fn base64(bits: [u8; 16]) -> Text {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let number = u128::from_be_bytes(bits);
    std::array::from_fn(|index| {
        // 22 digits of 6 bits are 132: the last one has 4 bits of zero.
        let shift = 122_i32 - 6 * i32::try_from(index).unwrap_or(0);
        let digit = if shift < 0 { number << -shift } else { number >> shift };
        DIGITS[(digit & 63) as usize]
    })
}

impl fmt::Display for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Shows whether the nonce was read, without reading or showing it.
impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.0.get(), Some(Some(_))) {
            "CspNonce(read)"
        } else {
            "CspNonce"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_written_as_rfc_4648_has_it() {
        assert_eq!(&base64([0; 16]), b"AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(&base64([0xff; 16]), b"_____________________w");
        assert_eq!(&base64(*b"Many hands make "), b"TWFueSBoYW5kcyBtYWtlIA");
    }

    #[test]
    fn a_nonce_is_the_same_each_time_and_another_for_each_request() {
        let (one, other) = (CspNonce(Arc::default()), CspNonce(Arc::default()));
        assert_eq!(one.as_str(), one.clone().as_str());
        assert_eq!(one.as_str().len(), 22);
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.close(), Some(one.as_str()));
    }

    #[test]
    fn a_nonce_that_is_read_too_late_is_empty() {
        let late = CspNonce(Arc::default());
        assert_eq!(late.close(), None);
        assert_eq!((late.as_str(), format!("{late:?}").as_str()), ("", "CspNonce"));
    }
}
