//! Application code that fails while the layer runs it: every request is answered, and the failure is logged.

use std::{
    convert::Infallible,
    error::Error,
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use battlement_problem::{Expose, Problem, ProblemLayer};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::exchange::{Answer, BoxError, ID, send};

/// A faulty part of an error.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failing {
    TextFails,
    TextPanics,
    SourcePanics,
    SourceTextFails,
    SourceTextPanics,
    DropPanics,
    PayloadPanics,
}

const FAILING: [Failing; 7] = [
    Failing::TextFails,
    Failing::TextPanics,
    Failing::SourcePanics,
    Failing::SourceTextFails,
    Failing::SourceTextPanics,
    Failing::DropPanics,
    Failing::PayloadPanics,
];

#[derive(Debug)]
struct Broken {
    failing: Failing,
    source: Option<Box<Self>>,
}

impl Broken {
    fn by(failing: Failing) -> Self {
        let of_source = match failing {
            Failing::SourceTextFails => Some(Failing::TextFails),
            Failing::SourceTextPanics => Some(Failing::TextPanics),
            _ => None,
        };
        let source = of_source.map(|failing| Box::new(Self { failing, source: None }));
        Self { failing, source }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cellar")?;
        match self.failing {
            Failing::TextFails => Err(fmt::Error),
            Failing::TextPanics => panic!("in a text"),
            Failing::PayloadPanics => std::panic::panic_any(Bomb),
            _ => f.write_str(" is flooded"),
        }
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        assert!(self.failing != Failing::SourcePanics, "in a source");
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        assert!(self.failing != Failing::DropPanics || std::thread::panicking(), "in a drop");
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a payload");
    }
}

fn layers() -> [ProblemLayer; 3] {
    let layer = ProblemLayer::new;
    [layer(), layer().expose(Expose::Causes), layer().on_bug(|bug| panic!("{}", bug.chain()))]
}

async fn fails(layer: ProblemLayer, error: impl Fn() -> BoxError) -> Answer {
    send(layer, &[], async |_: Request<()>| Err::<Response<Full<Bytes>>, _>(error())).await
}

fn is_logged(answer: &Answer, failing: Failing) {
    assert!(
        answer.log.contains(ID) && answer.log.contains("the cellar"),
        "{failing:?}: {}",
        answer.log
    );
}

#[tokio::test]
async fn an_error_that_cannot_be_formatted_is_answered_and_logged() {
    for failing in FAILING {
        for layer in layers() {
            let answer = fails(layer, || Broken::by(failing).into()).await;
            assert_eq!(answer.status(), 500, "{failing:?}");
            assert_eq!(answer.json()["code"], "internal", "{failing:?}");
            is_logged(&answer, failing);
        }
    }
}

#[tokio::test]
async fn a_problem_whose_source_cannot_be_formatted_keeps_its_status_and_detail_and_is_logged() {
    let conflict = |failing| {
        Problem::new(StatusCode::CONFLICT, "taken")
            .detail("choose another")
            .source(Broken::by(failing))
    };
    for failing in FAILING {
        for layer in layers() {
            let returned = fails(layer.clone(), || conflict(failing).into()).await;
            let left = send(layer, &[], async |_| {
                Ok::<_, Problem>(conflict(failing).response::<Full<Bytes>>())
            });
            for answer in [returned, left.await] {
                assert_eq!(answer.status(), 409, "{failing:?}");
                assert_eq!(answer.json()["detail"], "choose another", "{failing:?}");
                is_logged(&answer, failing);
            }
        }
    }
}

#[tokio::test]
async fn the_log_names_the_part_of_an_error_that_cannot_be_formatted() {
    let failed = fails(ProblemLayer::new(), || Broken::by(Failing::SourceTextFails).into()).await;
    let expected = "the cellar is flooded: the cellar (its Display implementation failed)";
    assert!(failed.log.contains(expected), "{}", failed.log);
    let panicked = fails(ProblemLayer::new(), || Broken::by(Failing::TextPanics).into()).await;
    let expected = "the cellar (its Display implementation panicked: in a text)";
    assert!(panicked.log.contains(expected), "{}", panicked.log);
    let hidden = fails(ProblemLayer::new(), || Broken::by(Failing::SourcePanics).into()).await;
    assert!(hidden.log.contains("in a source"), "{}", hidden.log);
}

#[tokio::test]
async fn an_explainer_that_panics_is_skipped_and_logged() {
    let layer = ProblemLayer::new()
        .explain(|_| panic!("in an explainer"))
        .explain(|error| error.is::<io::Error>().then(|| Problem::of_status(StatusCode::GONE)));
    let answer = fails(layer, || io::Error::other("no more").into()).await;
    assert_eq!(answer.status(), 410);
    assert!(answer.log.contains("in an explainer") && answer.log.contains(ID), "{}", answer.log);
}

/// An error of the service that cannot be boxed.
struct Unboxable;

impl From<Unboxable> for BoxError {
    fn from(_: Unboxable) -> Self {
        panic!("in a conversion")
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_boxed_is_answered_and_logged() {
    let answer =
        send(ProblemLayer::new(), &[], async |_| Err::<Response<Full<Bytes>>, _>(Unboxable));
    let answer = answer.await;
    assert_eq!(answer.status(), 500);
    assert!(answer.log.contains("in a conversion") && answer.log.contains(ID), "{}", answer.log);
}

/// A body that fails at once.
struct Leaking(Option<Broken>);

impl Body for Leaking {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

#[tokio::test]
async fn a_body_that_ends_by_an_error_that_cannot_be_formatted_reaches_the_hook() {
    for failing in FAILING {
        let bugs = Arc::new(AtomicUsize::new(0));
        let layer = ProblemLayer::new().on_bug({
            let bugs = Arc::clone(&bugs);
            move |bug| {
                assert!(bug.chain().contains("the cellar"), "{}", bug.chain());
                bugs.fetch_add(1, Relaxed);
            }
        });
        let service = layer.layer(service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Leaking(Some(Broken::by(failing)))))
        }));
        let response = service.oneshot(Request::new(())).await.unwrap();
        let failure = response.into_body().collect().await.unwrap_err();
        assert!(failure.to_string().contains("the cellar"), "{failing:?}");
        assert_eq!(bugs.load(Relaxed), 1, "{failing:?}");
        std::mem::forget(failure);
    }
}

/// The same body with a declared length of a few bytes.
struct Short(Leaking);

impl Body for Short {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}

#[tokio::test]
async fn a_text_whose_body_fails_with_an_error_that_cannot_be_formatted_leaves_the_status() {
    for failing in FAILING {
        let service = ProblemLayer::new().layer(service_fn(async |_: Request<()>| {
            let response = Response::builder().status(404);
            let body = Short(Leaking(Some(Broken::by(failing))));
            Ok::<_, Infallible>(response.body(body).unwrap())
        }));
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 404, "{failing:?}");
    }
}

proptest! {
    #[test]
    fn a_request_is_answered_whichever_parts_of_a_chain_of_errors_fail(
        faults in prop::collection::vec(prop::sample::select(FAILING.to_vec()), 1..6),
        status in prop::option::of(400_u16..600),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let chain = || {
            let chain = faults.iter().fold(None, |source, failing| {
                Some(Box::new(Broken { failing: *failing, source }))
            });
            *chain.unwrap()
        };
        let answer = runtime.block_on(fails(ProblemLayer::new().expose(Expose::Causes), || match status {
            Some(status) => {
                let status = StatusCode::from_u16(status).unwrap();
                Problem::of_status(status).source(chain()).into()
            }
            None => chain().into(),
        }));
        prop_assert_eq!(answer.status().as_u16(), status.unwrap_or(500));
        prop_assert!(answer.log.contains(ID), "{}", answer.log);
    }
}
