//! The end of a body is reported exactly once and correctly, whatever its frames and however it is polled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use battlement_core::{
    BodyKind, Classify, EndBody, Ending, Failure, GrpcCode, GrpcStatus, MethodKind, OnEnd,
    ResponseBody, Verdict, WebTrailers,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Pending,
    Data(u8),
    Trailers,
    Error,
}

/// A body that follows a script, and knows its end only as far as the script says.
#[derive(Debug)]
struct Scripted {
    steps: VecDeque<Step>,
    knows_its_end: bool,
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Pending) => Poll::Pending,
            Some(Step::Data(len)) => {
                Poll::Ready(Some(Ok(Frame::data(vec![0; usize::from(len)].into()))))
            }
            Some(Step::Trailers) => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::new())))),
            Some(Step::Error) => Poll::Ready(Some(Err("broken"))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

#[derive(Clone, Debug, Default)]
struct Recorder(Rc<RefCell<Recording>>);

#[derive(Debug, Default)]
struct Recording {
    endings: Vec<(Ending, bool)>,
    bytes: usize,
}

impl Recorder {
    fn endings(&self) -> Vec<Ending> {
        self.0.borrow().endings.iter().map(|(ending, _)| *ending).collect()
    }
}

impl OnEnd for Recorder {
    fn data(&mut self, bytes: usize) {
        self.0.borrow_mut().bytes += bytes;
    }

    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        self.0.borrow_mut().endings.push((ending, trailers.is_some()));
    }
}

/// Returns the expected ending and byte count of a body that is polled `polls` times and then dropped.
fn model(steps: &[Step], knows_its_end: bool, kind: BodyKind, polls: usize) -> (Ending, usize) {
    let declared = match kind {
        BodyKind::Sized(bytes) => Some(bytes as usize),
        BodyKind::Absent => Some(0),
        _ => None,
    };
    let over = |seen| match declared {
        Some(declared) if seen < declared => Ending::Error,
        _ => Ending::Complete,
    };
    let most = declared.unwrap_or(usize::MAX);
    let mut seen = 0;
    if knows_its_end && steps.is_empty() {
        return (over(seen), seen);
    }
    for poll in 0..polls {
        match steps.get(poll) {
            None => return (over(seen), seen),
            Some(Step::Error) => return (Ending::Error, seen),
            Some(Step::Trailers) => return (Ending::Trailers, seen),
            // What is beyond the declared length is no part of the answer.
            Some(Step::Data(len)) => seen = (seen + usize::from(*len)).min(most),
            Some(Step::Pending) => continue,
        }
        if knows_its_end && poll + 1 == steps.len() {
            return (over(seen), seen);
        }
    }
    let whole = declared.is_some_and(|declared| seen >= declared);
    (if whole { Ending::Complete } else { Ending::Dropped }, seen)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Pending),
        5 => any::<u8>().prop_map(Step::Data),
        1 => Just(Step::Trailers),
        1 => Just(Step::Error),
    ]
}

fn kind() -> impl Strategy<Value = BodyKind> {
    prop_oneof![
        Just(BodyKind::Absent),
        Just(BodyKind::Open),
        (0..600_u64).prop_map(BodyKind::Sized),
    ]
}

proptest! {
    #[test]
    fn every_body_ends_once_and_as_the_model_says(
        steps in prop::collection::vec(step(), 0..8),
        knows_its_end in any::<bool>(),
        kind in kind(),
        polls in 0..12_usize,
    ) {
        let recorder = Recorder::default();
        let body = Scripted { steps: steps.clone().into(), knows_its_end };
        {
            let mut body = pin!(EndBody::new(body, kind, recorder.clone()));
            for _ in 0..polls {
                let _ = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
            }
        }
        let (ending, bytes) = model(&steps, knows_its_end, kind, polls);
        let with_trailers = ending == Ending::Trailers;
        prop_assert_eq!(&recorder.0.borrow().endings, &vec![(ending, with_trailers)]);
        prop_assert_eq!(recorder.0.borrow().bytes, bytes);
    }
}

fn response(status: u16, steps: Vec<Step>) -> Response<Scripted> {
    let body = Scripted { steps: steps.into(), knows_its_end: false };
    Response::builder().status(status).body(body).unwrap()
}

#[test]
fn a_body_that_is_never_sent_has_completed_when_it_is_dropped() {
    let unsent = [
        (Method::HEAD, 200),
        (Method::GET, 204),
        (Method::GET, 304),
        (Method::GET, 101),
        (Method::CONNECT, 200),
    ];
    for (method, status) in unsent {
        let recorder = Recorder::default();
        let wrapped = EndBody::wrap(
            MethodKind::of(&method),
            response(status, vec![Step::Data(9)]),
            recorder.clone(),
        );
        assert_eq!(recorder.endings(), [], "{method} {status}: a server may still send it");
        drop(wrapped);
        assert_eq!(recorder.endings(), [Ending::Complete], "{method} {status}, dropped");
    }
}

#[test]
fn a_body_that_ends_short_of_its_length_has_failed() {
    let recorder = Recorder::default();
    let mut short = response(200, vec![Step::Data(3)]);
    short.headers_mut().insert("content-length", 10.into());
    let mut body = pin!(EndBody::wrap(MethodKind::Other, short, recorder.clone()).into_body());
    let mut cx = Context::from_waker(Waker::noop());
    while !matches!(body.as_mut().poll_frame(&mut cx), Poll::Ready(None)) {}
    assert_eq!(recorder.endings(), [Ending::Error]);
}

#[test]
fn a_refused_tunnel_has_a_body() {
    let recorder = Recorder::default();
    drop(EndBody::wrap(MethodKind::Connect, response(403, vec![Step::Data(9)]), recorder.clone()));
    assert_eq!(recorder.endings(), [Ending::Dropped]);
}

#[test]
fn a_length_that_the_body_knows_precedes_one_that_the_head_declares() {
    let mut declared = response(200, vec![Step::Data(4), Step::Data(4)]);
    declared.headers_mut().insert("content-length", 8.into());
    assert_eq!(BodyKind::of(MethodKind::Other, &declared), BodyKind::Sized(8));
    let mut full = Response::new(Full::new(Bytes::from_static(b"eight by")));
    assert_eq!(BodyKind::of(MethodKind::Other, &full), BodyKind::Sized(8));
    full.headers_mut().insert("content-length", 10.into());
    assert_eq!(BodyKind::of(MethodKind::Other, &full), BodyKind::Sized(8), "hyper sends eight");
    let mut odd = response(200, vec![]);
    odd.headers_mut().insert("content-length", "eight".parse().unwrap());
    assert_eq!(BodyKind::of(MethodKind::Other, &odd), BodyKind::Open);
}

#[test]
fn the_wrapper_has_the_size_and_end_of_the_body() {
    let full = Full::new(Bytes::from_static(b"five!"));
    let body = EndBody::new(full, BodyKind::Open, |_: Ending, _: Option<&HeaderMap>| {});
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(5), false));
    let empty = EndBody::new(Empty::<Bytes>::new(), BodyKind::Open, Recorder::default());
    assert_eq!((empty.size_hint().exact(), empty.is_end_stream()), (Some(0), true));
}

#[tokio::test]
async fn a_wrapper_without_a_hook_passes_the_body_on() {
    let five = Full::new(Bytes::from_static(b"five!"));
    let body: EndBody<_, Recorder> = EndBody::passing(five);
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(5), false));
    assert_eq!(body.collect().await.unwrap().to_bytes(), "five!");
}

#[test]
fn a_body_that_panics_has_failed_and_releases_what_it_held() {
    struct Panics;
    impl Body for Panics {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("in the body");
        }
    }
    let recorder = Recorder::default();
    let inside = recorder.clone();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let mut body = pin!(EndBody::new(Panics, BodyKind::Open, inside));
        let _ = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
    }));
    assert!(caught.is_err());
    assert_eq!(recorder.endings(), [Ending::Error]);
}

#[test]
fn a_hook_that_panics_at_the_end_is_not_called_again_by_the_drop_of_the_body() {
    struct Panics(Rc<RefCell<u32>>);
    impl OnEnd for Panics {
        fn end(&mut self, _: Ending, _: Option<&HeaderMap>) {
            *self.0.borrow_mut() += 1;
            panic!("in the hook");
        }
    }
    let ends = Rc::<RefCell<u32>>::default();
    let hook = Panics(Rc::clone(&ends));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let mut body = EndBody::wrap(MethodKind::Other, response(200, vec![]), hook).into_body();
        let _ = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
    }));
    assert!(caught.is_err());
    assert_eq!((*ends.borrow(), Rc::strong_count(&ends)), (1, 1), "called once, and dropped");
}

#[test]
fn a_buffered_answer_has_an_exact_size_and_one_frame() {
    let mut own = pin!(ResponseBody::<Full<Bytes>>::own(Bytes::from_static(b"no")));
    assert_eq!((own.size_hint().exact(), own.is_end_stream()), (Some(2), false));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(frame))) = own.as_mut().poll_frame(&mut cx) else {
        panic!("the bytes are there at once");
    };
    assert_eq!(frame.into_data().unwrap(), "no");
    assert_eq!((own.size_hint().exact(), own.is_end_stream()), (Some(0), true));
    assert!(matches!(own.as_mut().poll_frame(&mut cx), Poll::Ready(None)));
    assert!(ResponseBody::<Full<Bytes>>::empty().is_end_stream());
    assert!(ResponseBody::<Full<Bytes>>::own(Bytes::new()).is_end_stream());
    let inner = ResponseBody::inner(Full::new(Bytes::from_static(b"five!")));
    assert_eq!(inner.size_hint().exact(), Some(5));
    assert_eq!(StatusCode::OK, Response::new(inner).status());
}

type Judged = (Option<GrpcCode>, Verdict);

/// Reads the trailers of gRPC-Web, and keeps how the body ended and what its trailers said.
#[derive(Debug)]
struct Web {
    reader: Option<WebTrailers>,
    ended: Rc<RefCell<Vec<Judged>>>,
}

impl OnEnd for Web {
    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        self.reader.as_mut()
    }

    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let judged = (GrpcCode::at_end(ending, trailers), GrpcStatus.end(ending, trailers));
        self.ended.borrow_mut().push(judged);
    }
}

/// Returns the judgment of a gRPC-Web body with these frames that is dropped after `polls` polls.
fn judged(frames: &[&[u8]], polls: usize) -> Judged {
    let frames =
        frames.iter().map(|frame| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(frame))));
    let body = StreamBody::new(futures_util::stream::iter(frames.collect::<Vec<_>>()));
    let mut response = Response::new(body);
    let web = "application/grpc-web+proto".parse().unwrap();
    response.headers_mut().insert("content-type", web);
    let ended = Rc::new(RefCell::new(Vec::new()));
    let on_end = Web { reader: WebTrailers::of(response.headers()), ended: Rc::clone(&ended) };
    {
        let mut body = pin!(EndBody::wrap(MethodKind::Other, response, on_end).into_body());
        for _ in 0..polls {
            let _ = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
        }
    }
    assert_eq!(ended.borrow().len(), 1);
    ended.take().remove(0)
}

#[test]
fn a_grpc_web_body_ends_with_its_trailer_frame_whatever_is_dropped_behind() {
    let frames: [&[u8]; 3] = [b"\0\0\0\0\x02hi\x80\0\0", b"\0\x0fgrpc-status", b":0\r\n"];
    assert_eq!(judged(&frames, 3), (Some(GrpcCode::Ok), Verdict::Success));
    assert_eq!(judged(&frames, 4), (Some(GrpcCode::Ok), Verdict::Success));
    assert_eq!(judged(&frames, 2), (Some(GrpcCode::Cancelled), Verdict::Ignore));
    let internal: [&[u8]; 1] = [b"\x80\0\0\0\x10grpc-status:13\r\n"];
    let failed = Verdict::Failure(Failure::Server);
    assert_eq!(judged(&internal, 1), (Some(GrpcCode::Internal), failed));
    assert_eq!(judged(&[b"\0\0\0\0\x02hi"], 2), (Some(GrpcCode::Unknown), failed));
}

#[test]
fn a_body_that_was_never_polled_differs_from_one_that_was() {
    struct Unread<'a>(&'a RefCell<Vec<&'static str>>);
    impl OnEnd for Unread<'_> {
        fn end(&mut self, _: Ending, _: Option<&HeaderMap>) {
            self.0.borrow_mut().push("read");
        }

        fn unread(&mut self) {
            self.0.borrow_mut().push("unread");
        }
    }
    let recorder = RefCell::default();
    let body = |steps| EndBody::wrap(MethodKind::Other, response(200, steps), Unread(&recorder));
    drop(body(vec![Step::Data(1)]));
    let mut polled = body(vec![Step::Pending, Step::Data(1)]);
    let _ = Pin::new(polled.body_mut()).poll_frame(&mut Context::from_waker(Waker::noop()));
    drop(polled);
    assert_eq!(*recorder.borrow(), ["unread", "read"]);
}

#[test]
fn a_poll_that_found_no_frame_is_observed_until_the_body_has_ended() {
    struct Waits(Rc<RefCell<u32>>);
    impl OnEnd for Waits {
        fn pending(&mut self) {
            *self.0.borrow_mut() += 1;
        }

        fn end(&mut self, _: Ending, _: Option<&HeaderMap>) {}
    }
    let waits = Rc::default();
    let steps = vec![Step::Pending, Step::Data(1), Step::Pending, Step::Trailers, Step::Pending];
    let mut body = EndBody::wrap(MethodKind::Other, response(200, steps), Waits(Rc::clone(&waits)));
    for expected in [1, 1, 2, 2, 2] {
        let _ = Pin::new(body.body_mut()).poll_frame(&mut Context::from_waker(Waker::noop()));
        assert_eq!(*waits.borrow(), expected);
    }
}
