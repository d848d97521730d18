use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;

/// A response whose body has been read to the end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Collected {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The data of all frames.
    pub body: Bytes,
    /// The trailers, if the body has any.
    pub trailers: Option<HeaderMap>,
}

impl Collected {
    /// Reads the body of `response` to its end.
    ///
    /// # Errors
    ///
    /// Returns the error of the body, if it fails.
    pub async fn of<B: Body>(response: Response<B>) -> Result<Self, B::Error> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await?;
        Ok(Self {
            status: parts.status,
            headers: parts.headers,
            trailers: body.trailers().cloned(),
            body: body.to_bytes(),
        })
    }

    /// Returns the body as text; invalid UTF-8 is replaced with `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the value of the header `name`, if it has exactly one value and that is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let only = values.next()?;
        values.next().is_none().then(|| only.to_str().ok())?
    }
}
