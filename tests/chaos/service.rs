//! A service that follows the script of each request.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use tokio::task::yield_now;
use tower::{BoxError, Service, ServiceExt};

use crate::script::{Act, Answer, Ending, Script};

pub(crate) type RequestBody = Empty<Bytes>;
pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

const FRAME: &[u8] = b"0123456789abcdef";

type Answered<B> = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

/// The called service, which forwards nothing.
#[derive(Clone, Default)]
pub(crate) struct Upstream {
    pub(crate) calls: Arc<AtomicU64>,
}

impl Service<Request<RequestBody>> for Upstream {
    type Response = Response<ScriptBody>;
    type Error = BoxError;
    type Future = Answered<ScriptBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        self.calls.fetch_add(1, Relaxed);
        let script = script(&request);
        Box::pin(async move {
            pause(script.pauses).await;
            match script.act {
                Act::Answer | Act::Forward => Ok(answer(script)),
                Act::Fail => Err("the service failed".into()),
                Act::Panic => panic!("the service panicked"),
                Act::Hang => pending().await,
            }
        })
    }
}

/// The service inside the stack, which forwards some requests through `client`.
#[derive(Clone)]
pub(crate) struct Scripted<C> {
    pub(crate) own: Upstream,
    pub(crate) client: C,
}

impl<C, B> Service<Request<RequestBody>> for Scripted<C>
where
    C: Service<Request<RequestBody>, Response = Response<B>, Error = BoxError>,
    C: Clone + Send + 'static,
    C::Future: Send,
    B: Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    type Response = Response<AnyBody>;
    type Error = BoxError;
    type Future = Answered<AnyBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let script = script(&request);
        if !matches!(script.act, Act::Forward) {
            let answered = self.own.call(request);
            return Box::pin(async move { Ok(answered.await?.map(BodyExt::boxed_unsync)) });
        }
        self.own.calls.fetch_add(1, Relaxed);
        let client = self.client.clone();
        let mut forwarded = Request::new(Empty::new());
        forwarded.extensions_mut().insert(script.forwarded());
        Box::pin(async move {
            pause(script.pauses).await;
            Ok(client.oneshot(forwarded).await?.map(BodyExt::boxed_unsync))
        })
    }
}

fn script<B>(request: &Request<B>) -> Script {
    *request.extensions().get().unwrap()
}

async fn pause(times: u32) {
    for _ in 0..times {
        yield_now().await;
    }
}

fn answer(script: Script) -> Response<ScriptBody> {
    let Answer { status, events, .. } = script.answer;
    let mut response = Response::new(ScriptBody::of(script));
    *response.status_mut() = status.try_into().unwrap();
    if events {
        let stream = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(CONTENT_TYPE, stream);
    }
    response
}

/// A body of some frames with pauses between them, and the ending of the script.
pub(crate) struct ScriptBody {
    answer: Answer,
    pauses: u32,
    paused: u32,
    sent: u32,
    is_over: bool,
}

impl ScriptBody {
    fn of(Script { answer, pauses, .. }: Script) -> Self {
        Self { answer, pauses, paused: 0, sent: 0, is_over: false }
    }
}

impl Body for ScriptBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.paused < self.pauses {
            self.paused += 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.paused = 0;
        if self.sent < self.answer.frames {
            self.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(FRAME)))));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        match self.answer.ending {
            Ending::Hang => return Poll::Pending,
            Ending::Panic => panic!("the body panicked"),
            _ => self.is_over = true,
        }
        Poll::Ready(match self.answer.ending {
            Ending::Fail => Some(Err("the body broke".into())),
            Ending::Trailers => Some(Ok(Frame::trailers(HeaderMap::new()))),
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || (self.answer.frames == self.sent && self.answer.ending == Ending::Complete)
    }

    fn size_hint(&self) -> SizeHint {
        let left = u64::from(self.answer.frames - self.sent) * FRAME.len() as u64;
        if self.answer.sized { SizeHint::with_exact(left) } else { SizeHint::default() }
    }
}
