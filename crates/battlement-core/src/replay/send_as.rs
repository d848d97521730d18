use super::ReplayBody;

/// Converts the [`ReplayBody`] of an attempt to the type that the inner service takes.
pub trait SendAs<B> {
    /// The request body of the inner service.
    type Body;

    /// Converts the body.
    fn convert(body: ReplayBody<B>) -> Self::Body;
}

/// Sends [`ReplayBody`] itself, for services that take any body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AsIs;

impl<B> SendAs<B> for AsIs {
    type Body = ReplayBody<B>;

    #[inline]
    fn convert(body: ReplayBody<B>) -> ReplayBody<B> {
        body
    }
}

/// Sends tonic's body, which boxes the other, for a tonic channel.
#[cfg(feature = "tonic")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AsTonic;

#[cfg(feature = "tonic")]
impl<B> SendAs<B> for AsTonic
where
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Body = tonic::body::Body;

    fn convert(body: ReplayBody<B>) -> tonic::body::Body {
        tonic::body::Body::new(body)
    }
}
