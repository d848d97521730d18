use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::Wake,
};

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full, channel::Channel};
use proptest::prelude::*;

use super::*;

/// A frame of a [`Script`].
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Wait,
    Data(Bytes),
    Trailers,
    Fail,
}

/// A body that follows a list of steps.
#[derive(Clone, Debug)]
struct Script {
    steps: VecDeque<Step>,
    /// Whether the length and the end are announced, as with `content-length`.
    is_exact: bool,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>, is_exact: bool) -> Self {
        Self { steps: steps.into_iter().collect(), is_exact }
    }

    fn bytes(&self) -> Vec<u8> {
        let data = self.steps.iter().filter_map(|step| match step {
            Step::Data(data) => Some(data.clone()),
            _ => None,
        });
        data.flatten().collect()
    }

    fn fails(&self) -> bool {
        self.steps.contains(&Step::Fail)
    }
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(http::header::ETAG, "7".parse().unwrap())])
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers) => Some(Ok(Frame::trailers(trailers()))),
            Some(Step::Fail) => Some(Err("broken")),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_exact && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.is_exact {
            true => SizeHint::with_exact(self.bytes().len() as u64),
            false => SizeHint::default(),
        }
    }
}

/// The result of reading an attempt.
#[derive(Debug, Default)]
struct Attempt {
    data: Vec<u8>,
    has_trailers: bool,
    error: Option<String>,
    is_done: bool,
}

/// Polls an attempt at most `polls` times, or to its end, and checks size and end before each poll. `length` is the
/// length of the body where it is announced.
fn read(body: &mut ReplayBody<Script>, polls: usize, length: Option<u64>) -> Attempt {
    let mut attempt = Attempt::default();
    for _ in 0..polls {
        let (hint, was_end) = (body.size_hint(), body.is_end_stream());
        if let Some(length) = length {
            assert_eq!(hint.exact(), Some(length - attempt.data.len() as u64));
        }
        let polled = Pin::new(&mut *body).poll_frame(&mut Context::from_waker(Waker::noop()));
        assert!(!was_end || matches!(polled, Poll::Ready(None)), "a frame after the end");
        match polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    assert!(hint.upper().is_none_or(|upper| upper >= data.len() as u64));
                    attempt.data.extend(data);
                }
                Err(frame) => attempt.has_trailers = frame.into_trailers().unwrap() == trailers(),
            },
            Poll::Ready(Some(Err(error))) => {
                attempt.error = Some(error.to_string());
                return attempt;
            }
            Poll::Ready(None) => {
                attempt.is_done = true;
                assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
                return attempt;
            }
        }
    }
    attempt
}

const ALL: usize = usize::MAX;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Wait),
        4 => proptest::collection::vec(any::<u8>(), 0..12).prop_map(|data| Step::Data(data.into())),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let end = prop_oneof![
        6 => Just(vec![]),
        3 => Just(vec![Step::Trailers]),
        1 => Just(vec![Step::Wait, Step::Trailers]),
        2 => Just(vec![Step::Fail]),
    ];
    (proptest::collection::vec(step(), 0..8), end, any::<bool>())
        .prop_map(|(steps, end, is_exact)| Script::new(steps.into_iter().chain(end), is_exact))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn each_attempt_reads_the_whole_body_or_fails_as_it_does(
        script in script(),
        limit in 0_u64..60,
        attempts in proptest::collection::vec(0_usize..14, 0..5),
    ) {
        let (bytes, fails) = (script.bytes(), script.fails());
        let has_trailers = script.steps.contains(&Step::Trailers);
        let length = (script.is_exact && !fails).then_some(bytes.len() as u64);
        let (mut body, replay) = Replay::new(script.clone(), limit);
        let Some(replay) = replay else {
            prop_assert!(script.is_exact && bytes.len() as u64 > limit);
            let attempt = read(&mut body, ALL, length);
            prop_assert_eq!((attempt.data, attempt.has_trailers), (bytes, has_trailers));
            return Ok(());
        };
        // The part that any attempt has read.
        let mut most = 0;
        for polls in attempts {
            let attempt = read(&mut body, polls, length);
            prop_assert!(bytes.starts_with(&attempt.data));
            most = most.max(attempt.data.len() as u64);
            let lost = replay.lost();
            prop_assert_eq!(lost == Some(ReplayError::TooLarge), most > limit);
            prop_assert!(lost != Some(ReplayError::Failed) || fails);
            if attempt.error.is_some() {
                prop_assert!(lost.is_some());
            }
            match replay.again() {
                Ok(next) => body = next,
                Err(error) => {
                    prop_assert_eq!(Some(error), lost);
                    // The request itself goes on.
                    let rest = read(&mut body, ALL, None);
                    let data = [attempt.data, rest.data].concat();
                    prop_assert_eq!(&data, &bytes);
                    prop_assert_eq!(fails, attempt.error.or(rest.error).is_some());
                    prop_assert_eq!(attempt.has_trailers || rest.has_trailers, has_trailers);
                    return Ok(());
                }
            }
        }
        let last = read(&mut body, ALL, length);
        prop_assert_eq!(&last.data, &bytes);
        prop_assert_eq!((last.has_trailers, last.is_done), (has_trailers, !fails));
        prop_assert_eq!(last.error, fails.then(|| "broken".to_owned()));
    }

    #[test]
    fn attempts_side_by_side_read_the_same(
        script in script().prop_filter("fails", |script| !script.fails()),
        order in proptest::collection::vec(0_usize..3, 0..40),
    ) {
        let (mut first, replay) = Replay::new(script.clone(), 1_000);
        let replay = replay.unwrap();
        let (mut second, mut third) = (replay.again().unwrap(), replay.again().unwrap());
        drop(replay);
        let mut attempts = [Attempt::default(), Attempt::default(), Attempt::default()];
        for which in order.into_iter().chain([0; 40]).chain([1; 40]).chain([2; 40]) {
            let body = [&mut first, &mut second, &mut third].into_iter().nth(which).unwrap();
            let part = read(body, 1, None);
            attempts[which].data.extend(part.data);
            attempts[which].has_trailers |= part.has_trailers;
            attempts[which].is_done |= part.is_done;
            prop_assert_eq!(part.error, None);
        }
        for attempt in attempts {
            prop_assert_eq!(attempt.data, script.bytes());
            prop_assert_eq!(attempt.has_trailers, script.steps.contains(&Step::Trailers));
            prop_assert!(attempt.is_done);
        }
    }
}

fn data(text: &'static str) -> Step {
    Step::Data(Bytes::from_static(text.as_bytes()))
}

fn frame(body: &mut ReplayBody<impl Body<Error: Into<BoxError>> + Unpin>) -> Option<Bytes> {
    match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_frame_of_a_body_with_one_frame_is_not_copied() {
    let content = Bytes::from(vec![7; 100]);
    let (mut first, replay) = Replay::new(Full::new(content.clone()), 100);
    let replay = replay.unwrap();
    let mut second = replay.again().unwrap();
    for body in [&mut first, &mut second] {
        assert!(matches!(body.size_hint().exact(), Some(100)) && !body.is_end_stream());
        assert_eq!(frame(body).unwrap().as_ptr(), content.as_ptr());
        assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    }
    assert!(matches!(replay.kept, Kept::Whole(Some(_))), "no lock and no shared state");
}

#[test]
fn an_empty_body_is_over_on_each_attempt() {
    let (first, replay) = Replay::new(Empty::<Bytes>::new(), 0);
    let again = replay.unwrap().again().unwrap();
    assert!(first.is_end_stream() && again.is_end_stream());
    let (first, replay) = Replay::new(Full::new(Bytes::new()), 0);
    assert!(first.is_end_stream() && replay.is_some());
}

#[test]
fn a_body_that_is_known_to_be_too_long_is_not_kept() {
    let content = || Full::new(Bytes::from_static(b"123456"));
    assert!(Replay::new(content(), 6).1.is_some());
    let (mut body, replay) = Replay::new(content(), 5);
    assert!(replay.is_none() && body.size_hint().exact() == Some(6));
    assert_eq!(frame(&mut body).unwrap(), "123456");
    assert!(body.is_end_stream());
}

#[test]
fn a_body_with_more_frames_than_are_kept_is_not_replayed() {
    for (frames, lost) in [(1_024, None), (1_025, Some(ReplayError::TooLarge))] {
        let steps = std::iter::repeat_n(data("x"), frames);
        let (mut body, replay) = Replay::new(Script::new(steps, false), 64 * 1024);
        let attempt = read(&mut body, ALL, None);
        assert_eq!((attempt.data.len(), attempt.is_done), (frames, true));
        assert_eq!(replay.unwrap().lost(), lost);
    }
}

#[test]
fn over_the_limit_the_newest_attempt_continues_and_an_older_one_fails() {
    let steps = [data("12"), data("34"), data("56"), Step::Trailers];
    // The newest attempt may be behind the older one, or ahead.
    for polls_of_newest in [0, 1, 2, 3] {
        let (mut old, replay) = Replay::new(Script::new(steps.clone(), false), 4);
        let replay = replay.unwrap();
        assert_eq!(read(&mut old, 2, None).data, b"1234");
        let mut newest = replay.again().unwrap();
        let mut read_first = read(&mut newest, polls_of_newest, None).data;
        let of_old = read(&mut old, ALL, None);
        let message = "request body exceeds the replay limit and cannot be sent again";
        assert_eq!(of_old.error.as_deref(), Some(message));
        assert_eq!(replay.again().unwrap_err(), ReplayError::TooLarge);
        let rest = read(&mut newest, ALL, None);
        read_first.extend(rest.data);
        assert_eq!(
            (read_first.as_slice(), rest.has_trailers, rest.is_done),
            (&b"123456"[..], true, true)
        );
    }
}

#[test]
fn a_body_that_failed_is_not_replayed_and_other_attempts_fail_too() {
    let script = Script::new([data("12"), Step::Wait, Step::Fail], false);
    let (mut first, replay) = Replay::new(script, 100);
    let replay = replay.unwrap();
    let mut second = replay.again().unwrap();
    assert_eq!(read(&mut first, ALL, None).error.as_deref(), Some("broken"));
    assert_eq!(replay.again().unwrap_err(), ReplayError::Failed);
    let second = read(&mut second, ALL, None);
    assert_eq!(second.data, b"12");
    assert_eq!(second.error.as_deref(), Some("request body failed and cannot be sent again"));
}

#[test]
fn without_the_replay_the_last_attempt_keeps_nothing() {
    let steps = [data("12"), Step::Wait, data("34"), data("56")];
    let (mut body, replay) = Replay::new(Script::new(steps, false), 100);
    let replay = replay.unwrap();
    let Kept::Source(source) = &replay.kept else { panic!("the length is not known") };
    let source = Arc::clone(source);
    assert_eq!(read(&mut body, 2, None).data, b"12");
    assert_eq!(lock(&source).size, 2);
    drop(replay);
    assert_eq!(read(&mut body, 1, None).data, b"34");
    assert_eq!(lock(&source).size, 0);
    assert!(lock(&source).frames.is_empty());
    assert_eq!(read(&mut body, ALL, None).data, b"56");
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Polls a body that is not ready, with a waker that counts.
fn wait(body: &mut ReplayBody<Channel<Bytes>>) -> Arc<Count> {
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(Pin::new(body).poll_frame(&mut Context::from_waker(&waker)).is_pending());
    count
}

#[test]
fn an_attempt_that_waits_is_woken_when_another_reads_or_is_dropped() {
    let (mut sender, channel) = Channel::<Bytes>::new(4);
    let (mut first, replay) = Replay::new(channel, 100);
    let mut second = replay.as_ref().unwrap().again().unwrap();
    // The body has the waker of the second attempt alone.
    let (of_first, of_second) = (wait(&mut first), wait(&mut second));
    let woken = |count: &Count| count.0.load(Relaxed);
    sender.try_send(Frame::data(Bytes::from_static(b"12"))).unwrap();
    assert_eq!((woken(&of_first), woken(&of_second)), (0, 1));
    assert_eq!(frame(&mut second).unwrap(), "12");
    assert_eq!((woken(&of_first), woken(&of_second)), (1, 1));
    assert_eq!(frame(&mut first).unwrap(), "12");
    let (of_first, of_second) = (wait(&mut first), wait(&mut second));
    drop(second);
    assert_eq!((woken(&of_first), woken(&of_second)), (1, 0));
    let of_first = wait(&mut first);
    drop(sender);
    assert!(woken(&of_first) > 0);
}

#[tokio::test]
async fn an_attempt_streams_what_is_sent_after_the_first_was_dropped() {
    let (mut sender, channel) = Channel::<Bytes>::new(4);
    let (mut first, replay) = Replay::new(channel, 100);
    sender.send_data(Bytes::from_static(b"12")).await.unwrap();
    assert_eq!(frame(&mut first).unwrap(), "12");
    drop(first);
    let second = replay.unwrap().again().unwrap();
    let send = async {
        sender.send_data(Bytes::from_static(b"34")).await.unwrap();
        sender.send_trailers(trailers()).await.unwrap();
        drop(sender);
    };
    let (collected, ()) = tokio::join!(second.collect(), send);
    let collected = collected.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers()));
    assert_eq!(collected.to_bytes(), "1234");
}
