use std::{any::Any, error::Error, fmt, sync::Arc};

use battlement_core::{Auto, Classify as _, ErrorChain, Head, Judgment, Verdict};
use http::response::Parts;
use http_body::Body;

use crate::call::Call;

type BoxError = Box<dyn Error + Send + Sync>;

/// A closure that says by the head of a response whether its permit is given back at once.
#[derive(Clone)]
pub(crate) struct Release(Arc<dyn Fn(&Parts) -> bool + Send + Sync>);

impl Release {
    pub(super) fn new(at_head: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(at_head))
    }
}

impl Call {
    /// Takes the sample of the call at the head of its response, and gives its permit back if the closure says so.
    #[inline(always)]
    pub(super) fn answered(&mut self, head: &Parts, body: &impl Body) {
        if self.is_watched() {
            if is_plain_success(head, body) {
                self.succeed();
            } else {
                self.settle(judge(head));
            }
        }
        let release = self.permit.as_ref().and_then(|permit| permit.owner().release.as_ref());
        if release.is_some_and(|release| (release.0)(head)) {
            self.end();
        }
    }

    /// Takes the sample of a call that failed, and gives its permit back.
    #[cold]
    pub(super) fn failed<E: 'static>(&mut self, error: &E) {
        if self.is_watched() {
            self.settle(judge_any(error));
        }
        self.end();
    }
}

/// Returns whether a response is a success as most are. A gRPC response that has its status in the head has no body.
#[inline(always)]
fn is_plain_success(head: &Parts, body: &impl Body) -> bool {
    head.status.as_u16() < 400 && head.extensions.is_empty() && !body.is_end_stream()
}

/// Judges a response by its head. The status of gRPC in trailers comes with the body.
#[inline(never)]
fn judge(head: &Parts) -> Verdict {
    // An error of the client says nothing about the load, and may have been found without any work.
    if head.status.is_client_error() {
        return Verdict::Ignore;
    }
    match Auto.head(&Head::new(head.status, &head.headers, &head.extensions)) {
        Judgment::Now(verdict) => verdict,
        Judgment::AtEnd => Verdict::Success,
    }
}

/// Judges an error of any type by the default chain, if it is one of the types that can hold an error of a timeout.
///
/// A bound of [`Error`] would exclude services that work today.
fn judge_any<E: 'static>(error: &E) -> Verdict {
    let error: &dyn Any = error;
    let known = error
        .downcast_ref::<BoxError>()
        .map(|error| &**error as &(dyn Error + 'static))
        .or_else(|| error.downcast_ref::<std::io::Error>().map(|error| error as _))
        .or_else(|| client_error(error));
    known.map_or(Verdict::Ignore, |error| ErrorChain::default().verdict(error))
}

/// Returns the error of a client whose crate is a feature.
fn client_error(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return Some(error);
    }
    #[cfg(feature = "tonic")]
    if let Some(error) = error.downcast_ref::<tonic::transport::Error>() {
        return Some(error);
    }
    let _ = error;
    None
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Release")
    }
}

#[cfg(all(test, feature = "tonic"))]
mod tests {
    use std::time::Duration;

    use battlement_core::Failure;
    use tokio::net::TcpListener;
    use tonic::{body::Body, transport::Endpoint};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_timeout_of_a_tonic_channel_is_a_timeout() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", silent.local_addr().unwrap());
        let endpoint = Endpoint::from_shared(uri).unwrap().timeout(Duration::from_millis(10));
        let call = endpoint.connect_lazy().oneshot(http::Request::new(Body::empty()));
        assert_eq!(judge_any(&call.await.unwrap_err()), Verdict::Failure(Failure::Timeout));
    }
}
