//! Errors of real clients, as the default chain judges them.
#![cfg(all(feature = "hyper", feature = "hyper-util", feature = "reqwest", feature = "tonic"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{error::Error, io, net::SocketAddr, time::Duration};

use battlement_core::Classify;
use battlement_core::{
    ErrorChain, ErrorsBy, Failure, HttpStatus, Pushback, Rejection, RejectionKind, Verdict,
    judge_boxed_error, judge_error,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};

const NOT_PROCESSED: Verdict = Verdict::Failure(Failure::NotProcessed);

fn verdict(error: &(dyn Error + 'static)) -> Verdict {
    ErrorChain::default().verdict(error)
}

/// Returns an address that refuses connections.
async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_refused_connection_is_not_processed_whichever_client_reports_it() {
    let url = format!("http://{}/", closed().await);
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(&url).body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(verdict(&client.request(request).await.unwrap_err()), NOT_PROCESSED);
    assert_eq!(verdict(&reqwest::get(&url).await.unwrap_err()), NOT_PROCESSED);
    let error = TcpStream::connect(closed().await).await.unwrap_err();
    assert_eq!(judge_error::<(), _>(Err(&error)), NOT_PROCESSED);
    let status = Status::from_error(error.into());
    assert_eq!(judge_boxed_error::<()>(Err(&status.into())), NOT_PROCESSED);
}

#[tokio::test]
async fn a_request_that_hyper_did_not_send_is_not_processed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    drop(connection);
    let error = sender.send_request(Request::new(Empty::<Bytes>::new())).await.unwrap_err();
    assert_eq!(verdict(&error), NOT_PROCESSED);
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_was_sent_is_transport() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let read = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 16]).await;
        assert!(read.unwrap() > 0);
    });
    let error = reqwest::get(&url).await.unwrap_err();
    server.await.unwrap();
    assert_eq!(verdict(&error), Verdict::Failure(Failure::Transport));
}

#[tokio::test]
async fn timeouts_are_timeouts_whichever_library_reports_them() {
    let timeout = Verdict::Failure(Failure::Timeout);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = reqwest::Client::builder().timeout(Duration::from_millis(20)).build().unwrap();
    assert_eq!(verdict(&client.get(&url).send().await.unwrap_err()), timeout);
    let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
    assert_eq!(verdict(&elapsed.unwrap_err()), timeout);
    assert_eq!(verdict(&io::Error::from(io::ErrorKind::TimedOut)), timeout);
    let expired = Rejection::new(RejectionKind::Timeout);
    assert_eq!(verdict(&io::Error::other(expired)), timeout);
}

#[test]
fn the_status_of_a_grpc_server_is_judged_by_its_code() {
    let judged = |code| verdict(&Status::new(code, "of a server"));
    assert_eq!(judged(Code::NotFound), Verdict::Success);
    assert_eq!(judged(Code::Cancelled), Verdict::Ignore);
    assert_eq!(judged(Code::Internal), Verdict::Failure(Failure::Server));
    assert_eq!(judged(Code::DeadlineExceeded), Verdict::Failure(Failure::Timeout));
    let mut overloaded = Status::new(Code::Unavailable, "of a server");
    overloaded.metadata_mut().insert("grpc-retry-pushback-ms", "250".parse().unwrap());
    let pushback = Some(Pushback::Wait(Duration::from_millis(250)));
    assert_eq!(verdict(&overloaded), Verdict::Failure(Failure::Overload { pushback }));
}

#[test]
fn a_local_rejection_precedes_other_errors_in_its_chain() {
    let open = Rejection::new(RejectionKind::CircuitOpen);
    let error =
        Status::from_error(Box::new(io::Error::new(io::ErrorKind::ConnectionRefused, open)));
    let rejected = Verdict::Failure(Failure::Rejected(RejectionKind::CircuitOpen));
    assert_eq!(verdict(&error), rejected);
    assert_eq!(HttpStatus.error(&error), rejected);
}

#[test]
fn functions_of_a_user_come_first() {
    fn ignored(error: &(dyn Error + 'static)) -> Option<Verdict> {
        error.is::<io::Error>().then_some(Verdict::Ignore)
    }
    let judge = ErrorsBy { responses: HttpStatus, errors: ErrorChain::starting_with(&[ignored]) };
    assert_eq!(judge.error(&io::Error::from(io::ErrorKind::ConnectionRefused)), Verdict::Ignore);
    assert_eq!(judge.error(&std::fmt::Error), Verdict::Failure(Failure::Transport));
}
