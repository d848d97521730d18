use battlement_core::{CallFacts, PeerAddr, RequestFacts};
use http::{Extensions, Request};

use super::config::HttpConfig;

/// Copies the head of a request. Of its extensions, the copy has those that belong to the request itself: an upgrade, or
/// a handle that cancels the request, must not be used twice.
pub(super) fn head<B>(config: &HttpConfig, request: &Request<B>) -> Request<()> {
    let mut copy = Request::new(());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    let from = request.extensions();
    let to = copy.extensions_mut();
    extension::<RequestFacts>(from, to);
    extension::<CallFacts>(from, to);
    extension::<PeerAddr>(from, to);
    if let Some(copy) = &config.copy {
        copy(from, to);
    }
    copy
}

fn extension<T: Clone + Send + Sync + 'static>(from: &Extensions, to: &mut Extensions) {
    if let Some(value) = from.get::<T>() {
        to.insert(value.clone());
    }
}
