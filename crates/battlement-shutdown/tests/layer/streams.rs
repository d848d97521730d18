use std::convert::Infallible;

use battlement_shutdown::{EndStream, Phase, Shutdown};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel, channel::Sender};
use tokio::sync::mpsc;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::service::{Body, get, grpc, hangs, in_flight, running, shutdown};

type Stream = Channel<Bytes, Infallible>;

/// Creates a service whose response is a stream of this type; the senders of its streams arrive at `opened`.
fn streams(
    opened: mpsc::UnboundedSender<Sender<Bytes>>,
    content_type: &'static str,
    opts_in: bool,
) -> impl Service<
    Request<Body>,
    Response = Response<Stream>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Stream>, Infallible>> + Send,
> + Clone {
    service_fn(move |_| {
        let (sender, body) = Channel::new(8);
        opened.send(sender).unwrap();
        let mut response = Response::new(body);
        response.headers_mut().insert("content-type", content_type.parse().unwrap());
        if opts_in {
            response.extensions_mut().insert(EndStream);
        }
        std::future::ready(Ok(response))
    })
}

/// The bytes and the gRPC status that a client has read, or its error.
type Read = Result<(Bytes, Option<String>), String>;

/// Reads a stream into a shutdown after `message` was sent, and returns what the client and the report say.
async fn ended(
    shutdown: Shutdown,
    request: Request<Body>,
    content_type: &'static str,
    opts_in: bool,
    message: &'static [u8],
) -> (Read, battlement_shutdown::Report) {
    let (opened, mut streams_opened) = mpsc::unbounded_channel();
    let service = shutdown.layer().layer(streams(opened, content_type, opts_in));
    let read = tokio::spawn(async move {
        let response = service.oneshot(request).await.unwrap();
        let collected = response.into_body().collect().await.map_err(|error| error.to_string())?;
        let status =
            collected.trailers().map(|all| all["grpc-status"].to_str().unwrap().to_owned());
        Ok((collected.to_bytes(), status))
    });
    let mut sender = streams_opened.recv().await.unwrap();
    if !message.is_empty() {
        sender.send_data(Bytes::from_static(message)).await.unwrap();
    }
    in_flight(&shutdown, 1).await;
    let run = running(shutdown, Phase::Draining).await;
    (read.await.unwrap(), run.await.unwrap())
}

const EVENT: &[u8] = b"data: hello\n\n";
/// A gRPC message of three bytes.
const MESSAGE: &[u8] = b"\0\0\0\0\x03abc";

#[tokio::test(start_paused = true)]
async fn a_stream_that_opts_in_ends_as_a_whole_when_the_drain_begins() {
    let (read, report) = ended(shutdown(), get(), "text/event-stream", true, EVENT).await;
    assert_eq!(read.unwrap(), (Bytes::from_static(EVENT), None));
    assert_eq!((report.cut_off().streams(), report.answered(), report.code()), (0, 1, 0));

    let (read, report) = ended(shutdown(), grpc(), "application/grpc", true, MESSAGE).await;
    assert_eq!(read.unwrap(), (Bytes::from_static(MESSAGE), Some("14".to_owned())));
    assert_eq!((report.cut_off().streams(), report.answered()), (0, 1));
}

/// The content types of gRPC-Web, with a message in the framing of each.
const WEB: [(&str, &[u8]); 4] = [
    ("application/grpc-web", MESSAGE),
    ("application/grpc-web+proto", MESSAGE),
    ("application/grpc-web-text", b"AAAAAANhYmM="),
    ("application/grpc-web-text+proto", b"AAAAAAM=YWJj"),
];

fn grpc_web(content_type: &'static str) -> Request<Body> {
    let mut request = grpc();
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_grpc_web_that_opts_in_ends_with_an_error_and_is_not_counted_as_answered() {
    for (content_type, message) in WEB {
        let request = grpc_web(content_type);
        let (read, report) = ended(shutdown(), request, content_type, true, message).await;
        assert!(read.unwrap_err().contains("cut off"), "{content_type}");
        assert_eq!((report.answered(), report.code()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_grpc_web_that_is_cut_off_ends_with_an_error_and_does_not_fail_the_shutdown() {
    for (content_type, message) in WEB {
        let request = grpc_web(content_type);
        let (read, report) = ended(shutdown(), request, content_type, false, message).await;
        assert!(read.unwrap_err().contains("cut off"), "{content_type}");
        let cut_off = report.cut_off();
        assert_eq!((cut_off.grpc_streams, cut_off.requests), (1, 0), "{content_type}");
        assert_eq!((report.answered(), report.code()), (0, 0));

        // A unary call whose message is not complete.
        let (request, message) = (grpc_web(content_type), &message[..7]);
        let (read, report) = ended(shutdown(), request, content_type, false, message).await;
        assert!(read.unwrap_err().contains("cut off"), "{content_type}");
        assert_eq!((report.cut_off().requests, report.code()), (1, 1), "{content_type}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_grpc_web_that_is_cut_off_before_its_head_gets_unavailable_in_the_head() {
    for (content_type, _) in WEB {
        let shutdown = shutdown();
        let call = shutdown.layer().layer(hangs()).oneshot(grpc_web(content_type));
        let call = tokio::spawn(call);
        in_flight(&shutdown, 1).await;
        let _run = running(shutdown, Phase::CutOff).await;
        let response = call.await.unwrap().unwrap();
        assert_eq!(response.headers()["content-type"], "application/grpc-web");
        assert_eq!(response.headers()["grpc-status"], "14");
        assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_opt_in_is_cut_off_at_the_deadline_and_fails_a_strict_shutdown_only()
{
    for (strict, code) in [(false, 0), (true, 1)] {
        let shutdown = shutdown().strict(strict);
        let (read, report) = ended(shutdown, get(), "text/event-stream", false, EVENT).await;
        assert!(read.unwrap_err().contains("cut off"));
        let cut_off = report.cut_off();
        assert_eq!((cut_off.event_streams, cut_off.requests, report.code()), (1, 0, code));

        let shutdown = crate::service::shutdown().strict(strict);
        let (read, report) = ended(shutdown, grpc(), "application/grpc", false, MESSAGE).await;
        assert_eq!(read.unwrap().1.as_deref(), Some("14"));
        let cut_off = report.cut_off();
        assert_eq!((cut_off.grpc_streams, cut_off.requests, report.code()), (1, 0, code));
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_ends_by_itself_fails_the_shutdown_if_it_is_cut_off() {
    for (request, content_type, message) in [
        (get(), "text/plain", EVENT),
        // A unary gRPC response is not complete before its first message is.
        (grpc(), "application/grpc", &MESSAGE[..6]),
    ] {
        let (_, report) = ended(shutdown(), request, content_type, false, message).await;
        let cut_off = report.cut_off();
        assert_eq!((cut_off.streams(), cut_off.requests), (0, 1), "{content_type}");
        assert_eq!((report.answered(), report.code()), (0, 1));
    }
}
