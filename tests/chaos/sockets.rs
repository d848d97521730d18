//! The same stack over real sockets, where connections break at any byte and upgrades take them over.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement::problem::silence_caught_panics;
use battlement_testkit::{
    client::Http2,
    eventually,
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tower::{BoxError, Service, ServiceBuilder};

use crate::{
    TASKS, calls,
    dice::Dice,
    service::AnyBody,
    stack::{Layered, Stack, request},
};

/// Calls of the other test for one connection of this one, which costs that much more.
const CALLS_PER_CONNECTION: u64 = 50;
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// Answers by the script that the number in the path stands for, and echoes what comes after an upgrade.
fn served(
    layered: Layered,
    called: Arc<AtomicU64>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<AnyBody>,
    Error = BoxError,
    Future = impl Future<Output = Result<Response<AnyBody>, BoxError>> + Send,
> + Clone
+ Send
+ 'static {
    ServiceBuilder::new()
        .map_request(move |mut incoming: Request<Incoming>| {
            called.fetch_add(1, Relaxed);
            tokio::spawn(echo(hyper::upgrade::on(&mut incoming)));
            let seed = incoming.uri().path().trim_start_matches('/').parse().unwrap();
            let mut scripted = request(&mut Dice::new(seed));
            *scripted.method_mut() = incoming.method().clone();
            *scripted.version_mut() = incoming.version();
            scripted
        })
        .map_err(|never: std::convert::Infallible| match never {})
        .service(layered)
}

async fn echo(upgrade: hyper::upgrade::OnUpgrade) {
    // Most requests are no upgrade, which is what the error says.
    let Ok(upgraded) = upgrade.await else { return };
    let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
    let _ = tokio::io::copy(&mut read, &mut write).await;
}

/// Sends requests over HTTP/1, the last of them cut at any byte, and reads what comes within a moment.
async fn over_http1(server: SocketAddr, dice: &mut Dice) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    for _ in 0..=dice.below(3) {
        let method = dice.pick(&["GET", "POST", "HEAD"]);
        let head = format!(
            "{method} /{} HTTP/1.1\r\nhost: chaos\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
            dice.below(u32::MAX)
        );
        let whole = u32::try_from(head.len()).unwrap();
        let sent = if dice.one_in(4) { dice.below(whole) } else { whole } as usize;
        // The server may have closed the connection after an answer that failed.
        let is_broken = stream.write_all(&head.as_bytes()[..sent]).await.is_err();
        let mut answer = [0; 256];
        let read = timeout(moment(dice), stream.read(&mut answer)).await;
        if is_broken || sent < head.len() || !matches!(read, Ok(Ok(1..))) {
            return;
        }
    }
}

/// Sends requests over one HTTP/2 connection, and gives each up within a moment.
async fn over_http2(server: SocketAddr, dice: &mut Dice) {
    let mut client = Http2::connect(server).await.unwrap();
    for _ in 0..=dice.below(6) {
        let path = format!("/{}", dice.below(u32::MAX));
        let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
        let Ok(Ok(response)) = timeout(moment(dice), client.send(request)).await else { continue };
        let mut body = response.into_body();
        for _ in 0..dice.below(4) {
            let _ = timeout(moment(dice), body.frame()).await;
        }
    }
}

fn moment(dice: &mut Dice) -> Duration {
    Duration::from_millis(dice.below(8).into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_at_random_leave_nothing_behind() {
    silence_caught_panics();
    let (stack, called) = (Arc::new(Stack::new()), Arc::new(AtomicU64::new(0)));
    let (layered, counted) = (stack.service(), Arc::clone(&called));
    let make = move |_| served(layered.clone(), Arc::clone(&counted));
    let server = Server::hyper(Protocol::Auto, make).await.unwrap();
    let addr = server.addr();
    let clients: Vec<_> = (0..TASKS)
        .map(|task| {
            tokio::spawn(async move {
                let mut dice = Dice::new(task);
                for _ in 0..calls() / CALLS_PER_CONNECTION / TASKS {
                    if dice.one_in(3) {
                        over_http2(addr, &mut dice).await;
                    } else {
                        over_http1(addr, &mut dice).await;
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    // hyper does not notice a client that pipelines bytes and leaves while a body hangs; see the tests in `hanging`.
    server.stop().await;
    let ended = || {
        let upstream = stack.upstream.calls.load(Relaxed);
        (stack.metrics.active(), stack.metrics.ended()) == (0, called.load(Relaxed) + upstream)
    };
    assert!(
        eventually(SETTLED_WITHIN, ended).await,
        "{} active, {} ended of {called:?}",
        stack.metrics.active(),
        stack.metrics.ended()
    );
    assert_eq!(stack.page().outcomes().values().sum::<u64>(), called.load(Relaxed));
    assert!(called.load(Relaxed) > 0);
}
