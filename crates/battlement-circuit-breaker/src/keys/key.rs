use std::{borrow::Cow, fmt, sync::Arc};

use battlement_core::RequestHead;
use http::{HeaderMap, HeaderName, header};

/// The key of a request: requests with the same key share a state.
///
/// # Example
///
/// ```
/// use std::borrow::Cow;
///
/// use battlement_circuit_breaker::{CircuitBreakerLayer, Key};
/// use http::HeaderName;
///
/// // The database of each tenant fails on its own.
/// let tenant = Key::header(HeaderName::from_static("x-tenant"));
/// let layer = CircuitBreakerLayer::new("shards").key(tenant);
/// // Each region of an upstream, as the path names it.
/// let region = Key::of(|head| head.uri.path().split('/').nth(1).map(Cow::Borrowed));
/// let layer = CircuitBreakerLayer::new("regions").key(region);
/// ```
#[derive(Clone)]
pub struct Key(Part);

#[derive(Clone)]
enum Part {
    Authority,
    GrpcMethod,
    Header(HeaderName),
    Of(Arc<Closure>),
}

type Closure = dyn for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

impl Key {
    /// Takes the host and the port that the request names, regardless of case: in its target, else in its `Host` header.
    /// A user in the target is not part of the key.
    #[must_use]
    pub const fn authority() -> Self {
        Self(Part::Authority)
    }

    /// Takes the path of the request, which is the service and the method of a gRPC call.
    ///
    /// For a gRPC client alone: the paths of other clients are not bounded.
    #[must_use]
    pub const fn grpc_method() -> Self {
        Self(Part::GrpcMethod)
    }

    /// Takes the value of a header, such as that of a tenant. The key is not logged.
    #[must_use]
    pub const fn header(name: HeaderName) -> Self {
        Self(Part::Header(name))
    }

    /// Takes what `key` returns; requests for which it returns `None` share a state. The key is not logged.
    #[must_use]
    pub fn of<F>(key: F) -> Self
    where
        F: for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        Self(Part::Of(Arc::new(key)))
    }

    /// Returns whether the key may be logged: a secret may be in the others.
    pub(crate) const fn is_public(&self) -> bool {
        matches!(self.0, Part::Authority | Part::GrpcMethod)
    }

    /// Runs `work` with the key of a request.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        head: &RequestHead<'_>,
        work: impl FnOnce(Option<&str>) -> R,
    ) -> R {
        match &self.0 {
            Part::Authority => {
                let target = head.uri.authority().map(http::uri::Authority::as_str);
                match target.or_else(|| text(head.headers, &header::HOST)) {
                    Some(authority) => work(Some(&host_and_port(authority))),
                    None => work(None),
                }
            }
            Part::GrpcMethod => work(Some(head.uri.path())),
            Part::Header(name) => work(text(head.headers, name)),
            Part::Of(key) => work(key(head).as_deref()),
        }
    }

    /// Runs `work` with the key of a request of reqwest. Its head is copied for a closure alone.
    #[cfg(feature = "reqwest")]
    pub(crate) fn with_reqwest<R>(
        &self,
        request: &reqwest::Request,
        work: impl FnOnce(Option<&str>) -> R,
    ) -> R {
        match &self.0 {
            Part::Authority => work(Some(&host_and_port(request.url().authority()))),
            Part::GrpcMethod => work(Some(request.url().path())),
            Part::Header(name) => work(text(request.headers(), name)),
            Part::Of(key) => {
                let head = crate::http::head_of_reqwest(request);
                work(key(&RequestHead::of(&head)).as_deref())
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the authority in lower case and without a user.
#[inline]
fn host_and_port(authority: &str) -> Cow<'_, str> {
    if is_plain(authority.as_bytes()) {
        return Cow::Borrowed(authority);
    }
    named(authority)
}

#[cold]
fn named(authority: &str) -> Cow<'_, str> {
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    Cow::Owned(host.to_ascii_lowercase())
}

/// Returns whether there is no upper-case letter and no `@`, which are the bytes from 64 to 90.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().all(|byte| !matches!(byte, b'@'..=b'Z'));
    };
    // The last word overlaps the one before, so that all bytes are read as words.
    let (words, _) = bytes.as_chunks();
    words.iter().chain([last]).all(|word| is_plain_word(u64::from_le_bytes(*word)))
}

/// Does the same for 8 bytes at once.
#[inline]
const fn is_plain_word(word: u64) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    // The sums have the highest bit of a byte if it is at least 64, and more than 90. None carries into the next byte.
    let low = word & (EACH * 0x7f);
    let (from, above) = (low + EACH * (0x80 - b'@' as u64), low + EACH * (0x7f - b'Z' as u64));
    from & !above & !word & (EACH * 0x80) == 0
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Part::Authority => f.write_str("authority"),
            Part::GrpcMethod => f.write_str("gRPC method"),
            Part::Header(name) => write!(f, "header {name}"),
            Part::Of(_) => f.write_str("closure"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(key: &Key, request: &Request<()>) -> Option<String> {
        key.with(&RequestHead::of(request), |key| key.map(str::to_owned))
    }

    fn get(uri: &str) -> Request<()> {
        Request::get(uri).header("host", "Proxy.example").body(()).unwrap()
    }

    #[test]
    fn an_authority_is_the_host_and_port_regardless_of_case_and_user() {
        for uri in ["http://billing:80/a", "http://BILLING:80/b", "http://me:secret@Billing:80/"] {
            assert_eq!(of(&Key::authority(), &get(uri)).as_deref(), Some("billing:80"), "{uri}");
        }
        assert_eq!(of(&Key::authority(), &get("/a")).as_deref(), Some("proxy.example"));
        assert_eq!(of(&Key::authority(), &Request::new(())), None);
    }

    #[test]
    fn every_byte_at_every_place_is_checked_as_it_is_alone() {
        for (length, byte) in
            (1..=17).flat_map(|length| (0..=u8::MAX).map(move |byte| (length, byte)))
        {
            let is_alone = byte != b'@' && !byte.is_ascii_uppercase();
            for (at, other) in
                (0..length).flat_map(|at| [b'?', b'[', 0, 0x7f, 0xff].map(|b| (at, b)))
            {
                let mut bytes = vec![other; length];
                bytes[at] = byte;
                assert_eq!(is_plain(&bytes), is_alone, "{byte} at {at} of {length}");
            }
        }
    }

    #[test]
    fn a_header_and_a_closure_are_keys_and_are_not_logged() {
        let key = Key::header(header::HOST);
        assert_eq!(of(&key, &get("/")).as_deref(), Some("Proxy.example"));
        assert_eq!(of(&key, &Request::new(())), None);
        let path = Key::of(|head| Some(head.uri.path().into()));
        assert_eq!(of(&path, &get("/a")).as_deref(), Some("/a"));
        assert!(!key.is_public() && !path.is_public());
        assert!(Key::authority().is_public() && Key::grpc_method().is_public());
    }

    #[cfg(feature = "reqwest")]
    #[test]
    fn a_request_of_reqwest_has_the_key_of_the_same_request_of_http() {
        let tenant = HeaderName::from_static("x-tenant");
        let first = |head: &RequestHead<'_>| head.uri.path().split('/').nth(1).map(str::to_owned);
        let keys = [
            Key::authority(),
            Key::grpc_method(),
            Key::header(tenant.clone()),
            Key::of(move |head| first(head).map(Cow::Owned)),
        ];
        let url = "http://me:secret@Billing:8080/pay.v1.Pay/Charge";
        let mut request = reqwest::Request::new(http::Method::POST, url.parse().unwrap());
        request.headers_mut().insert(&tenant, "seven".parse().unwrap());
        let same = Request::post(url).header(tenant, "seven").body(()).unwrap();
        for (key, text) in
            keys.iter().zip(["billing:8080", "/pay.v1.Pay/Charge", "seven", "pay.v1.Pay"])
        {
            let of_reqwest = key.with_reqwest(&request, |key| key.map(str::to_owned));
            assert_eq!(of_reqwest.as_deref(), Some(text));
            assert_eq!(of(key, &same).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_grpc_method_is_the_path() {
        let method = of(&Key::grpc_method(), &get("http://billing/pay.v1.Pay/Charge"));
        assert_eq!(method.as_deref(), Some("/pay.v1.Pay/Charge"));
    }
}
