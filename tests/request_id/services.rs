//! What the tests put behind the layers.

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

/// A service that says which id its request has, and which is the current one.
pub(crate) fn says_its_id<B: Send + 'static>()
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

/// A service that answers with the headers it was sent, a line each, but for those of every request.
pub(crate) fn says_its_headers<B: Send + 'static>()
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

/// A client of hyper-util, with its pool.
pub(crate) fn hyper_client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}
