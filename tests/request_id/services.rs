//! Services behind the layers.

use std::convert::Infallible;

use battlement::request_id::RequestId;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{Empty, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Service, service_fn};

/// Returns a service that responds with the id of its request and the current id.
pub(crate) fn id_service<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send {
    service_fn(|request: Request<B>| async move {
        let id = RequestId::of(&request).unwrap().clone();
        tokio::task::yield_now().await;
        assert_eq!(RequestId::current().as_ref(), Some(&id));
        Ok(Response::new(Full::from(id.to_string())))
    })
}

/// Returns a service that responds with the received headers, one per line, except for common ones.
pub(crate) fn header_service<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send {
    service_fn(|request: Request<B>| async move {
        Ok(Response::new(Full::from(lines(request.headers()))))
    })
}

fn lines(headers: &HeaderMap) -> String {
    let lines = headers.iter().filter(|(name, _)| !["host", "accept"].contains(&name.as_str()));
    lines.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?"))).collect()
}

/// Returns a client of hyper-util with a pool.
pub(crate) fn hyper_client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}
