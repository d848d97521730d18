//! Tests of the load balancer: readiness, the choice of an instance, and the directions of a connection.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_testkit::{
    balancer::Balancer,
    client::{Http1, Raw},
    eventually,
    load::{Caller, Load},
    server::Server,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};
use tower::service_fn;

const DEADLINE: Duration = Duration::from_secs(20);
const READY: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

/// An instance that answers with its name.
struct Instance {
    server: Server,
    is_ready: Arc<AtomicBool>,
}

impl Instance {
    async fn start(name: &'static str) -> Self {
        let is_ready = Arc::new(AtomicBool::new(true));
        let readiness = Arc::clone(&is_ready);
        let service = service_fn(move |request: Request<Incoming>| {
            let is_poll = request.uri().path() == "/readyz";
            let status = if is_poll && !readiness.load(Relaxed) { 503 } else { 200 };
            let response = Response::builder().status(status).body(Full::<Bytes>::from(name));
            std::future::ready(Ok::<_, Infallible>(response.unwrap()))
        });
        Self { server: Server::http1(service).await.unwrap(), is_ready }
    }

    fn addr(&self) -> SocketAddr {
        self.server.addr()
    }
}

async fn balancer(instances: &[SocketAddr]) -> Balancer {
    let balancer = Balancer::start("/readyz", instances.iter().copied()).await.unwrap();
    let all_ready = || instances.iter().all(|instance| balancer.is_ready(*instance));
    assert!(eventually(DEADLINE, all_ready).await);
    balancer
}

async fn name(client: &mut Http1) -> String {
    client.get("/").await.unwrap().text()
}

async fn names(balancer: &Balancer) -> [String; 4] {
    let mut names = [const { String::new() }; 4];
    for answer in &mut names {
        *answer = name(&mut Http1::connect(balancer.addr()).await.unwrap()).await;
    }
    names.sort();
    names
}

#[tokio::test]
async fn connections_go_to_all_ready_instances_in_turn() {
    let (a, b) = (Instance::start("a").await, Instance::start("b").await);
    let balancer = balancer(&[a.addr(), b.addr()]).await;
    assert_eq!(names(&balancer).await, ["a", "a", "b", "b"]);
    balancer.remove(a.addr());
    assert_eq!(names(&balancer).await, ["b"; 4]);
    balancer.add(a.addr());
    assert!(eventually(DEADLINE, || balancer.is_ready(a.addr())).await);
    assert_eq!(names(&balancer).await, ["a", "a", "b", "b"]);
}

#[tokio::test]
async fn an_instance_that_is_not_ready_keeps_its_connections_and_gets_no_new_ones() {
    let (a, b) = (Instance::start("a").await, Instance::start("b").await);
    let balancer = balancer(&[a.addr(), b.addr()]).await;
    let mut first = Http1::connect(balancer.addr()).await.unwrap();
    assert_eq!(name(&mut first).await, "a");
    a.is_ready.store(false, Relaxed);
    assert!(eventually(DEADLINE, || !balancer.is_ready(a.addr())).await);
    assert_eq!(names(&balancer).await, ["b"; 4]);
    assert_eq!(name(&mut first).await, "a");
}

#[tokio::test]
async fn the_readiness_of_an_instance_may_be_requested_at_its_admin_address() {
    let (service, admin) = (Instance::start("service").await, Instance::start("admin").await);
    service.is_ready.store(false, Relaxed);
    let balancer = Balancer::start("/readyz", []).await.unwrap();
    balancer.add_with_admin(service.addr(), admin.addr());
    assert!(eventually(DEADLINE, || balancer.is_ready(service.addr())).await);
    assert_eq!(names(&balancer).await, ["service"; 4]);
    admin.is_ready.store(false, Relaxed);
    assert!(eventually(DEADLINE, || !balancer.is_ready(service.addr())).await);
}

#[tokio::test]
async fn a_balancer_notices_a_change_of_readiness_only_when_it_polls() {
    let instance = Instance::start("a").await;
    let addr = instance.addr();
    let balancer = Balancer::start("/readyz", [addr]).await.unwrap();
    let balancer = balancer.poll_interval(Duration::from_secs(3_600));
    assert!(eventually(DEADLINE, || balancer.is_ready(addr)).await);
    instance.is_ready.store(false, Relaxed);
    assert!(!eventually(Duration::from_millis(300), || !balancer.is_ready(addr)).await);
    assert_eq!(names(&balancer).await, ["a"; 4]);

    let balancer = balancer.poll_interval(Duration::from_millis(1));
    assert!(eventually(DEADLINE, || !balancer.is_ready(addr)).await);
}

#[tokio::test]
async fn a_connection_without_a_ready_instance_is_closed() {
    let instance = Instance::start("a").await;
    let balancer = balancer(&[instance.addr()]).await;
    let addr = instance.addr();
    drop(instance);
    assert!(eventually(DEADLINE, || !balancer.is_ready(addr)).await);
    let mut client = Http1::connect(balancer.addr()).await.unwrap();
    client.get("/").await.unwrap_err();
}

#[tokio::test]
async fn no_request_is_lost_while_an_instance_is_taken_out_and_back() {
    let (a, b) = (Instance::start("a").await, Instance::start("b").await);
    let balancer = balancer(&[a.addr(), b.addr()]).await;
    let load = Load::new(Caller::ConnectionEach).callers(3).start(balancer.addr());
    for is_ready in [false, true] {
        a.is_ready.store(is_ready, Relaxed);
        assert!(eventually(DEADLINE, || balancer.is_ready(a.addr()) == is_ready).await);
        assert!(load.answered(load.tally().answered + 30, DEADLINE).await);
    }
    let tally = load.stop().await;
    assert_eq!(tally.answered, tally.total(), "{tally:?}");
}

/// Starts a balancer in front of a server that is ready, and returns the other connections of the server.
async fn raw_server() -> (Balancer, mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (sender, connections) = mpsc::channel(8);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut start = [0; b"GET /readyz".len()];
                stream.peek(&mut start).await.unwrap();
                if &start == b"GET /readyz" {
                    return stream.write_all(READY).await.unwrap();
                }
                sender.send(stream).await.unwrap();
            });
        }
    });
    (balancer(&[addr]).await, connections)
}

#[tokio::test]
async fn a_client_that_has_ended_its_direction_gets_its_answer() {
    let (balancer, mut connections) = raw_server().await;
    let mut client = TcpStream::connect(balancer.addr()).await.unwrap();
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut server = connections.recv().await.unwrap();
    let mut question = String::new();
    // The end of the client's direction has passed before the answer is sent.
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    server.write_all(b"answer").await.unwrap();
    drop(server);
    let mut answer = String::new();
    timeout(DEADLINE, client.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, "answer");
}

#[tokio::test]
async fn a_server_that_has_ended_its_direction_gets_the_rest_of_an_upload() {
    let (balancer, mut connections) = raw_server().await;
    let mut client = TcpStream::connect(balancer.addr()).await.unwrap();
    client.write_all(b"first ").await.unwrap();
    let mut server = connections.recv().await.unwrap();
    server.write_all(b"answer").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, client.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, "answer");
    client.write_all(b"rest").await.unwrap();
    drop(client);
    let mut upload = String::new();
    timeout(DEADLINE, server.read_to_string(&mut upload)).await.unwrap().unwrap();
    assert_eq!(upload, "first rest");
}

#[tokio::test]
async fn an_answer_arrives_although_the_server_breaks_the_direction_of_the_upload() {
    let (balancer, mut connections) = raw_server().await;
    for _ in 0..50 {
        let client = TcpStream::connect(balancer.addr()).await.unwrap();
        let (mut from_server, mut to_server) = client.into_split();
        let (end, mut ended) = oneshot::channel::<()>();
        let upload = tokio::spawn(async move {
            while ended.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
                to_server.write_all(&[b'x'; 4096]).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut server = connections.recv().await.unwrap();
        server.write_all(b"answer").await.unwrap();
        // A server that closes a connection with unread data resets it.
        drop(server);
        let mut answer = String::new();
        timeout(DEADLINE, from_server.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, "answer");
        drop(end);
        // The upload itself never failed.
        upload.await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_balancer_closes_its_port_and_its_connections() {
    let instance = Instance::start("a").await;
    let balancer = balancer(&[instance.addr()]).await;
    let mut client = Raw::connect(balancer.addr()).await.unwrap();
    let addr = balancer.addr();
    drop(balancer);
    assert!(matches!(client.read_to_end().await.as_deref(), Ok([]) | Err(_)));
    assert!(Raw::connect(addr).await.is_err());
}
