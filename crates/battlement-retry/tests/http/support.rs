use std::{
    collections::VecDeque,
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};

use battlement_core::CallFacts;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tower::util::BoxCloneService;

pub(crate) type Reply = io::Result<Response<Full<Bytes>>>;

type Service<B> = BoxCloneService<Request<B>, Response<Full<Bytes>>, io::Error>;

/// An attempt as the upstream received it.
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) attempt: u32,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An upstream that answers in a given order, and then with 200.
#[derive(Clone, Default)]
pub(crate) struct Upstream {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Upstream {
    pub(crate) fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Arc::new(Mutex::new(replies.into_iter().collect())), ..Self::default() }
    }

    /// Returns the number of attempts so far.
    pub(crate) fn attempts(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn seen<T>(&self, each: impl FnMut(&Seen) -> T) -> Vec<T> {
        self.seen.lock().unwrap().iter().map(each).collect()
    }

    pub(crate) fn service<B>(&self) -> Service<B>
    where
        B: Body<Error: Debug> + Send + 'static,
        B::Data: Send,
    {
        let upstream = self.clone();
        BoxCloneService::new(tower::service_fn(move |request| upstream.clone().answer(request)))
    }

    async fn answer<B: Body<Error: Debug>>(self, request: Request<B>) -> Reply {
        let attempt = CallFacts::of(&request).attempt();
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let seen = Seen { at: Instant::now(), attempt, headers: head.headers, body };
        self.seen.lock().unwrap().push(seen);
        let reply = self.replies.lock().unwrap().pop_front();
        reply.unwrap_or_else(|| status(200))
    }
}

pub(crate) fn status(status: u16) -> Reply {
    answer(status, &[])
}

pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    let mut response = Response::new(Full::from(format!("body of {status}")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    Ok(response)
}

pub(crate) fn error(kind: io::ErrorKind) -> Reply {
    Err(kind.into())
}

pub(crate) fn get() -> Request<Full<Bytes>> {
    Request::get("http://stock/items").body(Full::default()).unwrap()
}

pub(crate) fn post() -> Request<Full<Bytes>> {
    Request::post("http://stock/orders").body(Full::from("order 7")).unwrap()
}

pub(crate) fn with_key(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    request.headers_mut().insert("idempotency-key", "\"7\"".parse().unwrap());
    request
}
