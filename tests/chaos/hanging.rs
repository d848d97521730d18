//! A client leaves while a response body hangs.
//!
//! hyper reads the socket of a connection during a response only while its buffer is empty. After a client has sent bytes
//! of a further request, hyper therefore does not see that the client leaves, with or without layers.

use std::{sync::Arc, time::Duration};

use battlement_testkit::{
    eventually,
    server::{Protocol, Server},
};
use http::Request;
use hyper::body::Incoming;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceBuilder;

use crate::{
    dice::Dice,
    script::{Act, Answer, Ending, Script},
    service::{RequestBody, Upstream},
    stack::{Stack, request},
};

const SETTLED_WITHIN: Duration = Duration::from_secs(20);
const HEAD: &str = "GET / HTTP/1.1\r\nhost: chaos\r\n\r\n";

/// Returns a request whose response sends one frame and then nothing.
fn hanging(_: Request<Incoming>) -> Request<RequestBody> {
    let mut scripted = request(&mut Dice::new(0));
    let answer =
        Answer { status: 200, frames: 1, sized: false, events: false, ending: Ending::Hang };
    scripted.extensions_mut().insert(Script { pauses: 0, act: Act::Answer, answer });
    scripted
}

/// Starts a server with the layers of the stack.
async fn layered(stack: &Stack) -> Server {
    let service = stack.service();
    let make = move |_| {
        ServiceBuilder::new()
            .map_request(hanging)
            .map_err(|never: std::convert::Infallible| match never {})
            .service(service.clone())
    };
    Server::hyper(Protocol::Http1, make).await.unwrap()
}

/// Starts a server without layers, each of whose connections holds a clone of `connection`.
async fn bare(connection: &Arc<()>) -> Server {
    let connection = Arc::clone(connection);
    let make = move |_| {
        let connection = Arc::clone(&connection);
        ServiceBuilder::new()
            .map_request(move |incoming| {
                let _ = &connection;
                hanging(incoming)
            })
            .service(Upstream::default())
    };
    Server::hyper(Protocol::Http1, make).await.unwrap()
}

/// Sends a request, reads the start of its response, sends `rest`, and leaves.
async fn leave(server: &Server, rest: &str) {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream.write_all(rest.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_while_a_body_hangs_ends_its_request() {
    let stack = Stack::new();
    let server = layered(&stack).await;
    leave(&server, "").await;
    let ended = || (stack.metrics.active(), stack.metrics.ended()) == (0, 1);
    assert!(eventually(SETTLED_WITHIN, ended).await, "{} active", stack.metrics.active());
    server.stop().await;
}

#[tokio::test]
async fn layers_hold_a_request_with_pipelined_bytes_no_longer_than_hyper_does() {
    let (stack, connection) = (Stack::new(), Arc::new(()));
    let (with_layers, without) = (layered(&stack).await, bare(&connection).await);
    let idle = Arc::strong_count(&connection);
    for rest in [HEAD, &HEAD[..5], ""] {
        leave(&with_layers, rest).await;
        leave(&without, rest).await;
    }
    // Both notice the last client, which left after the others.
    let held = || i64::try_from(Arc::strong_count(&connection) - idle).unwrap();
    let alike = || held() <= 2 && stack.metrics.active() == held();
    assert!(
        eventually(SETTLED_WITHIN, alike).await,
        "{} active with layers, {} without",
        stack.metrics.active(),
        held()
    );
    with_layers.stop().await;
    assert_eq!((stack.metrics.active(), stack.metrics.ended()), (0, 3));
}
