use battlement_core::{Phase, Phases, RequestFacts};
use http::Request;

/// A token by which streams and background tasks see that the process drains.
///
/// # Example
///
/// A handler ends its stream by itself:
///
/// ```
/// use battlement_shutdown::DrainToken;
///
/// async fn ticks<B>(request: http::Request<B>) {
///     let token = DrainToken::of(&request);
///     let drained = async {
///         match token {
///             Some(token) => token.draining().await,
///             None => std::future::pending().await,
///         }
///     };
///     tokio::select! {
///         () = drained => {}
///         () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct DrainToken(Phases);

impl DrainToken {
    pub(crate) const fn new(phases: Phases) -> Self {
        Self(phases)
    }

    /// Returns the token of `request`, if it passed a [`DrainLayer`](crate::DrainLayer).
    ///
    /// The token is in the request's [`RequestFacts`], from which axum handlers extract it as
    /// [`Phases`](battlement_core::Phases).
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        RequestFacts::of(request).and_then(RequestFacts::phases).map(Self)
    }

    /// Returns the phases of the process.
    #[must_use]
    pub const fn phases(&self) -> &Phases {
        &self.0
    }

    /// Returns whether the process is ending.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_draining()
    }

    /// Waits until long-lived work must end: until [`Phase::Draining`].
    pub fn draining(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        self.0.reached(Phase::Draining)
    }
}
