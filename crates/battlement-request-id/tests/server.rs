//! The promises of the server layer, through its public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    future::{pending, ready},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use battlement_core::PeerAddr;
use battlement_request_id::{
    CorrelationId, Generator, RequestId, RequestIdLayer, Trace, TraceContext, Trust, Untrusted,
    carry, carry_fn, scope,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// The ids that a handler found in its request.
#[derive(Clone, Debug, Default, PartialEq)]
struct Handled {
    id: Option<String>,
    current: Option<String>,
    correlation: Option<String>,
    trace: Option<Trace>,
    header: Vec<HeaderValue>,
}

/// Sends `request` through `layer` to a handler that waits once, and returns what the handler saw and the
/// response.
async fn send(layer: &RequestIdLayer, request: Request<()>) -> (Handled, Response<String>) {
    let handled = Arc::new(Mutex::new(Handled::default()));
    let handler = service_fn({
        let handled = Arc::clone(&handled);
        move |request: Request<()>| {
            let handled = Arc::clone(&handled);
            async move {
                tokio::task::yield_now().await;
                *handled.lock().unwrap() = Handled {
                    id: RequestId::of(&request).map(ToString::to_string),
                    current: RequestId::current().map(|id| id.to_string()),
                    correlation: CorrelationId::of(&request).map(ToString::to_string),
                    trace: Trace::of(&request).cloned(),
                    header: request.headers().get_all("x-request-id").iter().cloned().collect(),
                };
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
            }
        }
    });
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let handled = handled.lock().unwrap().clone();
    (handled, Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap()))
}

fn with_id(id: impl AsRef<[u8]>) -> Request<()> {
    let value = HeaderValue::from_bytes(id.as_ref()).unwrap();
    Request::builder().header("x-request-id", value).body(()).unwrap()
}

fn with_trace() -> Request<()> {
    let request = Request::builder().header("traceparent", TRACEPARENT);
    request.header("tracestate", "foo=1").header("tracestate", "bar=2").body(()).unwrap()
}

fn from_peer(peer: &str) -> Request<()> {
    let mut request = with_id("inbound-id");
    request.extensions_mut().insert(PeerAddr(peer.parse::<SocketAddr>().unwrap()));
    request
}

fn echoed(response: &Response<String>) -> Vec<&str> {
    response.headers().get_all("x-request-id").iter().map(|id| id.to_str().unwrap()).collect()
}

fn is_uuid_v7(id: &str) -> bool {
    uuid::Uuid::parse_str(id).is_ok_and(|uuid| uuid.get_version_num() == 7)
}

mod ids {
    use super::*;

    #[tokio::test]
    async fn a_request_without_an_id_gets_one_and_sees_the_same_everywhere() {
        let (handled, response) = send(&RequestIdLayer::new(), Request::new(())).await;
        let id = handled.id.unwrap();
        assert!(is_uuid_v7(&id), "{id}");
        assert_eq!(handled.current.as_ref(), Some(&id));
        assert_eq!(echoed(&response), [&id]);
        assert_eq!(response.body(), "ok");
    }

    #[tokio::test]
    async fn a_good_inbound_id_is_kept() {
        for id in ["12345678", "abc!#$%&'*+-.^_`|~XYZ", &"x".repeat(128)] {
            let (handled, response) = send(&RequestIdLayer::new(), with_id(id)).await;
            assert_eq!(handled.id.as_deref(), Some(id));
            assert_eq!(echoed(&response), [id]);
        }
    }

    #[tokio::test]
    async fn a_hostile_or_useless_id_is_replaced_and_not_repeated() {
        let bad: [&[u8]; 10] = [
            b"",
            b"1234567",
            b"has some spaces",
            b"\x80\xff binary",
            b"tab\tinside-it",
            b"<script>alert(1)</script>",
            b"\"quoted-id\"",
            b"semi;colon=yes",
            b"comma,separated",
            &[b'a'; 4096],
        ];
        for bad in bad {
            let (handled, response) = send(&RequestIdLayer::new(), with_id(bad)).await;
            let id = handled.id.unwrap();
            assert!(is_uuid_v7(&id), "{id}");
            assert_eq!(echoed(&response), [&id]);
            assert_eq!(handled.header, [bad], "the request's own header stays as it came");
        }
    }

    #[tokio::test]
    async fn of_two_ids_neither_is_taken() {
        let mut request = with_id("first-inbound-id");
        request.headers_mut().append("x-request-id", "second-inbound-id".parse().unwrap());
        let (handled, response) = send(&RequestIdLayer::new(), request).await;
        assert!(is_uuid_v7(&handled.id.unwrap()));
        assert_eq!(echoed(&response).len(), 1);
    }

    #[tokio::test]
    async fn the_accepted_length_can_be_narrowed() {
        let layer = RequestIdLayer::new().accept_length(36..=36);
        let (handled, _) = send(&layer, with_id("12345678")).await;
        assert!(is_uuid_v7(&handled.id.unwrap()));
        let uuid = "018f3a5e-0000-7000-8000-000000000000";
        assert_eq!(send(&layer, with_id(uuid)).await.0.id.as_deref(), Some(uuid));
    }

    #[tokio::test]
    async fn a_chosen_length_holds_for_ids_in_any_form_too() {
        let layer = RequestIdLayer::new().trust(Trust::Always).accept_length(16..=64);
        assert!(is_uuid_v7(&send(&layer, with_id("short")).await.0.id.unwrap()));
        let id = "Root=1-67891233-abcdef0123";
        assert_eq!(send(&layer, with_id(id)).await.0.id.as_deref(), Some(id));
    }

    #[test]
    #[should_panic(expected = "accept_length: must be an ascending range within 1 to 128 bytes")]
    fn a_length_no_id_can_have_panics_where_it_is_written() {
        let _ = RequestIdLayer::new().accept_length(0..=200);
    }

    #[test]
    #[should_panic(expected = "correlation: must differ from the header of the request id")]
    fn one_header_cannot_be_two_things() {
        let _ = RequestIdLayer::new().correlation(HeaderName::from_static("x-request-id"));
    }

    #[tokio::test]
    async fn the_id_of_an_inner_handler_does_not_reach_the_client_beside_ours() {
        let upstream = service_fn(|_: Request<()>| {
            let mut response = Response::new(Full::<Bytes>::default());
            response.headers_mut().append("x-request-id", HeaderValue::from_static("upstream-1"));
            response.headers_mut().append("x-request-id", HeaderValue::from_static("upstream-2"));
            ready(Ok::<_, Infallible>(response))
        });
        let service = RequestIdLayer::new().layer(upstream);
        let response = service.oneshot(with_id("inbound-id")).await.unwrap();
        let ids: Vec<_> = response.headers().get_all("x-request-id").iter().collect();
        assert_eq!(ids, ["inbound-id"]);
    }

    #[tokio::test]
    async fn a_layer_inside_another_keeps_the_id_of_the_outer() {
        let handler = service_fn(|request: Request<()>| {
            let id = RequestId::of(&request).unwrap().to_string();
            ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(id)))))
        });
        let service = ServiceBuilder::new()
            .layer(RequestIdLayer::new())
            .layer(RequestIdLayer::new().trust(Trust::Never))
            .service(handler);
        let response = service.oneshot(with_id("outer-inbound")).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "outer-inbound");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "outer-inbound");
    }

    #[tokio::test]
    async fn each_generator_makes_its_form() {
        for (generator, len) in
            [(Generator::uuid_v7(), 36), (Generator::uuid_v4(), 36), (Generator::hex128(), 32)]
        {
            let layer = RequestIdLayer::new().generator(generator);
            let (handled, _) = send(&layer, Request::new(())).await;
            assert_eq!(handled.id.unwrap().len(), len);
        }
        let layer =
            RequestIdLayer::new().generator(Generator::from_fn(|| "made-by-hand".parse().unwrap()));
        assert_eq!(send(&layer, Request::new(())).await.0.id.as_deref(), Some("made-by-hand"));
    }

    #[tokio::test]
    async fn header_echo_and_rewriting_can_be_chosen() {
        let layer = RequestIdLayer::new().header(HeaderName::from_static("x-trace")).echo(false);
        let request = Request::builder().header("x-trace", "inbound-id").body(()).unwrap();
        let (handled, response) = send(&layer, request).await;
        assert_eq!(handled.id.as_deref(), Some("inbound-id"));
        assert!(!response.headers().contains_key("x-trace"));

        let layer = RequestIdLayer::new().rewrite_request(true);
        let (handled, _) = send(&layer, with_id("bad id")).await;
        assert_eq!(handled.header, [handled.id.unwrap().as_str()]);
    }

    #[tokio::test]
    async fn a_layer_that_is_switched_off_passes_everything() {
        let (handled, response) =
            send(&RequestIdLayer::new().enabled(false), with_id("inbound-id")).await;
        assert_eq!(
            handled,
            Handled { header: vec![HeaderValue::from_static("inbound-id")], ..Handled::default() }
        );
        assert!(echoed(&response).is_empty());
        assert_eq!(response.body(), "ok");
    }

    #[tokio::test]
    async fn a_layer_that_is_switched_off_hides_no_id_of_one_further_out() {
        let handler = service_fn(|_: Request<()>| async {
            tokio::task::yield_now().await;
            assert!(RequestId::current().is_some());
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let service = ServiceBuilder::new()
            .layer(RequestIdLayer::new())
            .layer(RequestIdLayer::new().enabled(false))
            .service(handler);
        service.oneshot(Request::new(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_correlation_id_is_taken_over_or_is_the_request_s_own() {
        let name = HeaderName::from_static("x-correlation-id");
        let layer = RequestIdLayer::new().correlation(name.clone());
        let (handled, response) = send(&layer, with_id("inbound-id")).await;
        assert_eq!(handled.correlation.as_deref(), Some("inbound-id"));
        assert_eq!(response.headers()[&name], "inbound-id");

        let mut request = with_id("inbound-id");
        request.headers_mut().insert(name.clone(), HeaderValue::from_static("the-whole-flow"));
        let (handled, response) = send(&layer, request).await;
        assert_eq!(handled.id.as_deref(), Some("inbound-id"));
        assert_eq!(handled.correlation.as_deref(), Some("the-whole-flow"));
        assert_eq!(response.headers()[&name], "the-whole-flow");

        let mut request = Request::new(());
        request.headers_mut().insert(name, HeaderValue::from_static("bad flow"));
        let (handled, _) = send(&layer, request).await;
        assert_eq!(handled.correlation, handled.id);
    }
}

mod trust {
    use super::*;

    async fn kept(trust: Trust, request: Request<()>) -> bool {
        let inbound = request.headers()["x-request-id"].clone();
        let (handled, _) = send(&RequestIdLayer::new().trust(trust), request).await;
        handled.id.as_deref().map(str::as_bytes) == Some(inbound.as_bytes())
    }

    #[tokio::test]
    async fn never_takes_no_id() {
        assert!(!kept(Trust::Never, with_id("inbound-id")).await);
    }

    #[tokio::test]
    async fn always_takes_what_is_no_token_but_nothing_that_could_do_harm() {
        for id in ["a", "Root=1-67891233-abcdef012345678912345678;Sampled=1", "a/b:c@d,e"] {
            assert!(kept(Trust::Always, with_id(id)).await, "{id}");
        }
        for id in ["two words", "a\"b", "a\\b", "<b>", &"x".repeat(129)] {
            assert!(!kept(Trust::Always, with_id(id)).await, "{id}");
        }
    }

    #[tokio::test]
    async fn a_predicate_decides_by_the_head() {
        let internal = || Trust::when(|inbound| inbound.headers.contains_key("x-internal"));
        assert!(!kept(internal(), with_id("inbound-id")).await);
        let mut request = with_id("inbound-id");
        request.headers_mut().insert("x-internal", HeaderValue::from_static("1"));
        assert!(kept(internal(), request).await);
        let mut bad = with_id("bad id");
        bad.headers_mut().insert("x-internal", HeaderValue::from_static("1"));
        assert!(!kept(internal(), bad).await);
    }

    #[tokio::test]
    async fn peers_are_trusted_by_their_network_and_the_unknown_are_not() {
        let networks = || Trust::peers(["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()));
        assert!(kept(networks(), from_peer("10.1.2.3:4")).await);
        assert!(kept(networks(), from_peer("[::ffff:10.1.2.3]:4")).await);
        assert!(kept(networks(), from_peer("[fd00::1]:4")).await);
        assert!(!kept(networks(), from_peer("11.1.2.3:4")).await);
        assert!(!kept(networks(), with_id("inbound-id")).await);
        let mut spoofed = with_id("inbound-id");
        spoofed.headers_mut().insert("x-forwarded-for", HeaderValue::from_static("10.1.2.3"));
        assert!(!kept(networks(), spoofed).await);
    }
}

mod traces {
    use super::*;

    fn owning() -> RequestIdLayer {
        RequestIdLayer::new().trace_context(TraceContext::Own)
    }

    #[tokio::test]
    async fn by_default_a_trace_is_read_and_not_taken_part_in() {
        let (handled, _) = send(&RequestIdLayer::new(), with_trace()).await;
        let trace = handled.trace.unwrap();
        assert_eq!(trace.trace_id.to_string(), "12345678901234567890123456789012");
        assert_eq!(trace.span_id.to_string(), "1234567890123456");
        assert!(trace.flags.is_sampled() && !trace.owned && trace.state.is_none());
        assert_eq!(send(&RequestIdLayer::new(), Request::new(())).await.0.trace, None);
    }

    #[tokio::test]
    async fn the_trace_of_a_caller_that_is_not_trusted_is_not_read() {
        let layer = RequestIdLayer::new().trust(Trust::Never);
        assert_eq!(send(&layer, with_trace()).await.0.trace, None);
        let off = RequestIdLayer::new().trace_context(TraceContext::Off);
        assert_eq!(send(&off, with_trace()).await.0.trace, None);
    }

    #[tokio::test]
    async fn an_owned_trace_is_continued_with_a_span_of_ours() {
        let trace = send(&owning(), with_trace()).await.0.trace.unwrap();
        assert_eq!(trace.trace_id.to_string(), "12345678901234567890123456789012");
        assert_eq!(trace.parent_id.unwrap().to_string(), "1234567890123456");
        assert_ne!(trace.span_id.to_string(), "1234567890123456");
        assert_eq!(trace.state.as_deref(), Some("foo=1,bar=2"));
        assert!(trace.owned && trace.flags.is_sampled() && !trace.flags.is_random());
    }

    #[tokio::test]
    async fn a_distrusted_trace_is_begun_anew_or_linked_to() {
        let restart = owning().trust(Trust::Never);
        let trace = send(&restart, with_trace()).await.0.trace.unwrap();
        assert_ne!(trace.trace_id.to_string(), "12345678901234567890123456789012");
        assert_eq!((trace.parent_id, trace.link, trace.state.as_deref()), (None, None, None));
        assert!(trace.owned && !trace.flags.is_sampled() && trace.flags.is_random());

        let linking = restart.untrusted_trace(Untrusted::Link);
        let trace = send(&linking, with_trace()).await.0.trace.unwrap();
        let link = trace.link.unwrap();
        assert_eq!(link.trace_id.to_string(), "12345678901234567890123456789012");
        assert_eq!(link.span_id.to_string(), "1234567890123456");
        assert_ne!(trace.trace_id, link.trace_id);
    }

    #[tokio::test]
    async fn where_there_is_no_valid_trace_one_begins_and_tracestate_is_not_looked_at() {
        let bad = format!("{TRACEPARENT}-");
        let request = Request::builder().header("traceparent", bad).header("tracestate", "foo=1");
        let trace = send(&owning(), request.body(()).unwrap()).await.0.trace.unwrap();
        assert_eq!((trace.parent_id, trace.state), (None, None));
        assert!(trace.owned);
        let sampling = owning().sample_new_traces(true);
        assert!(send(&sampling, Request::new(())).await.0.trace.unwrap().flags.is_sampled());
    }

    #[tokio::test]
    async fn traces_can_be_trusted_apart_from_ids() {
        let mut request = with_trace();
        request.headers_mut().insert("x-request-id", HeaderValue::from_static("inbound-id"));
        let (handled, _) = send(&owning().trust_trace(Trust::Never), request).await;
        assert_eq!(handled.id.as_deref(), Some("inbound-id"));
        let trace_id = handled.trace.unwrap().trace_id.to_string();
        assert_ne!(trace_id, "12345678901234567890123456789012");
    }

    #[tokio::test]
    async fn two_traceparents_are_none() {
        let mut request = with_trace();
        request.headers_mut().append("traceparent", TRACEPARENT.parse().unwrap());
        assert_eq!(send(&RequestIdLayer::new(), request).await.0.trace, None);
    }

    #[tokio::test]
    async fn a_bad_tracestate_leaves_the_trace_alone() {
        let mut request = with_trace();
        request.headers_mut().append("tracestate", HeaderValue::from_static("BAD"));
        let trace = send(&owning(), request).await.0.trace.unwrap();
        assert_eq!(trace.trace_id.to_string(), "12345678901234567890123456789012");
        assert_eq!(trace.state, None);
    }
}

mod current {
    use super::*;

    type Events = Arc<Mutex<Vec<(&'static str, Option<String>)>>>;

    /// Recording, when it is polled or dropped, which id was current.
    struct Recording {
        frames: usize,
        events: Events,
    }

    impl Recording {
        fn tell(&self, when: &'static str) {
            let id = RequestId::current().map(|id| id.to_string());
            self.events.lock().unwrap().push((when, id));
        }
    }

    impl Body for Recording {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.tell("poll");
            self.frames = self.frames.saturating_sub(1);
            Poll::Ready((self.frames > 0).then(|| Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    impl Future for Recording {
        type Output = Result<Response<Full<Bytes>>, Infallible>;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            self.tell("poll");
            Poll::Pending
        }
    }

    impl Drop for Recording {
        fn drop(&mut self) {
            self.tell("drop");
        }
    }

    fn id() -> Option<String> {
        Some("inbound-id".to_owned())
    }

    #[tokio::test]
    async fn the_id_is_current_in_the_polls_of_a_body_and_in_its_drop() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let body = Recording { frames: 2, events: Arc::clone(&events) };
        let body = Arc::new(Mutex::new(Some(body)));
        let service = RequestIdLayer::new().layer(service_fn(move |_: Request<()>| {
            ready(Ok::<_, Infallible>(Response::new(body.lock().unwrap().take().unwrap())))
        }));
        let response = service.oneshot(with_id("inbound-id")).await.unwrap();
        assert_eq!(RequestId::current(), None);
        response.into_body().collect().await.unwrap();
        assert_eq!(*events.lock().unwrap(), [("poll", id()), ("poll", id()), ("drop", id())]);
    }

    #[tokio::test]
    async fn the_id_is_current_in_the_drop_of_a_future_polled_or_not() {
        for polls in [0, 1] {
            let events = Arc::new(Mutex::new(Vec::new()));
            let inside = Arc::clone(&events);
            let service = RequestIdLayer::new().layer(service_fn(move |_: Request<()>| {
                Recording { frames: 0, events: Arc::clone(&inside) }
            }));
            {
                let mut service = service;
                let future = tower::Service::call(&mut service, with_id("inbound-id"));
                let mut future = Box::pin(future);
                for _ in 0..polls {
                    assert!(futures_poll(future.as_mut()).is_pending());
                }
            }
            assert_eq!(events.lock().unwrap().len(), polls + 1);
            assert!(events.lock().unwrap().iter().all(|(_, current)| *current == id()));
        }
    }

    fn futures_poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(std::task::Waker::noop()))
    }

    #[tokio::test]
    async fn the_id_is_current_in_the_drop_of_a_future_that_is_done() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let recording = Mutex::new(Some(Recording { frames: 0, events: Arc::clone(&events) }));
        let service = RequestIdLayer::new().layer(service_fn(|_: Request<()>| {
            let recording = recording.lock().unwrap().take();
            // What the future holds is dropped with it, and not when it is done.
            std::future::poll_fn(move |_| {
                let _ = &recording;
                Poll::Ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
            })
        }));
        service.oneshot(with_id("inbound-id")).await.unwrap();
        assert_eq!(*events.lock().unwrap(), [("drop", id())]);
    }

    #[tokio::test]
    async fn a_thread_has_the_id_if_it_is_carried_there() {
        let id_of_a_thread = async {
            let carried = tokio::task::spawn_blocking(carry_fn(RequestId::current));
            carried.await.unwrap().unwrap().to_string()
        };
        let handled = scope("inbound-id".parse().unwrap(), id_of_a_thread).await;
        assert_eq!(handled, "inbound-id");
    }

    #[tokio::test]
    async fn a_future_carried_outside_any_request_gets_no_id_of_the_task_that_polls_it() {
        let job = carry(async { RequestId::current() });
        assert_eq!(scope("the-poller".parse().unwrap(), job).await, None);
    }

    #[tokio::test]
    async fn a_spawned_task_has_the_id_if_it_carries_it_and_its_drop_has_it_too() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let recording = Recording { frames: 0, events: Arc::clone(&events) };
        let recording = Mutex::new(Some(recording));
        let service = RequestIdLayer::new().layer(service_fn(|_: Request<()>| {
            let recording = recording.lock().unwrap().take().unwrap();
            let carried = tokio::spawn(carry(async move {
                let _tells = recording;
                tokio::task::yield_now().await;
                RequestId::current().map(|id| id.to_string())
            }));
            let plain = tokio::spawn(async { RequestId::current() });
            async move {
                assert_eq!(carried.await.unwrap(), id());
                assert_eq!(plain.await.unwrap(), None);
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        }));
        service.oneshot(with_id("inbound-id")).await.unwrap();
        assert_eq!(*events.lock().unwrap(), [("drop", id())]);
    }

    #[tokio::test]
    async fn a_task_that_is_aborted_drops_under_its_id() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let recording = Recording { frames: 0, events: Arc::clone(&events) };
        let job = scope("nightly-job".parse().unwrap(), async move {
            let _tells = recording;
            pending::<()>().await;
        });
        {
            let mut job = Box::pin(job);
            assert!(futures_poll(job.as_mut()).is_pending());
            assert_eq!(RequestId::current(), None);
        }
        assert_eq!(*events.lock().unwrap(), [("drop", Some("nightly-job".to_owned()))]);
    }

    #[tokio::test]
    async fn two_requests_polled_in_turns_on_one_thread_keep_their_ids() {
        let service = RequestIdLayer::new().layer(service_fn(|request: Request<()>| async move {
            for _ in 0..5 {
                tokio::task::yield_now().await;
                assert_eq!(RequestId::current().as_ref(), RequestId::of(&request));
            }
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
        let first = service.clone().oneshot(with_id("first-of-two"));
        let second = service.oneshot(with_id("second-of-two"));
        let (first, second) = tokio::join!(first, second);
        assert_eq!(first.unwrap().headers()["x-request-id"], "first-of-two");
        assert_eq!(second.unwrap().headers()["x-request-id"], "second-of-two");
    }

    #[tokio::test]
    async fn an_error_passes_as_it_is() {
        let service = RequestIdLayer::new()
            .layer(service_fn(|_: Request<()>| ready(Err::<Response<Full<Bytes>>, _>("as it is"))));
        let mut future = pin!(service.oneshot(Request::new(())));
        assert_eq!(future.as_mut().await.unwrap_err(), "as it is");
    }
}
