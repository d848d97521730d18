//! Admin servers on a thread of their own, over real sockets and in real time.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use axum::{Router, routing::get};
use battlement_shutdown::{Phase, Reason, Shutdown, Stage};
use battlement_testkit::eventually;
use tokio::{
    runtime::{Builder, Handle},
    task,
};

use crate::course::{hung, ms, shutdown};

/// Far longer than any step takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Binds a listener that does not block.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Serves the name of the thread that answers, until the hooks have run.
async fn serve(
    listener: TcpListener,
    shutdown_done: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let name = || async { thread::current().name().unwrap_or_default().to_owned() };
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = Router::new().route("/", get(name));
    axum::serve(listener, app).with_graceful_shutdown(shutdown_done).await
}

/// Sends a request without a runtime, waits at most for `limit`, and returns the last line of the answer.
fn ask(addr: SocketAddr, limit: Duration) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().last().unwrap_or_default().to_owned())
}

/// Blocks every worker of the current runtime until the sender is dropped, and returns when the last one is blocked.
fn block_workers(count: usize) -> Vec<Sender<()>> {
    let (blocked, is_blocked) = channel();
    let block = |_| {
        let (end, ended): (Sender<()>, Receiver<()>) = channel();
        let blocked = blocked.clone();
        drop(tokio::spawn(async move {
            blocked.send(()).unwrap();
            let _ = ended.recv();
        }));
        end
    };
    let ends = (0..count).map(block).collect();
    (0..count).for_each(|_| is_blocked.recv_timeout(PATIENCE).unwrap());
    ends
}

#[test]
fn a_server_on_a_thread_answers_while_every_worker_is_blocked() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _context = runtime.enter();
    let ((on_thread, thread_addr), (on_runtime, runtime_addr)) = (listener(), listener());
    let shutdown = shutdown();
    let phases = shutdown.phases();
    let done = || phases.reached(Phase::Done);
    let (thread_done, runtime_done) = (done(), done());
    let shutdown = shutdown
        .admin(serve(on_runtime, runtime_done))
        .admin_thread(|| serve(on_thread, thread_done))
        .unwrap();
    assert_eq!(ask(thread_addr, PATIENCE).unwrap(), "admin");
    assert!(ask(runtime_addr, PATIENCE).unwrap().starts_with("tokio-"));

    let ends = block_workers(2);
    assert_eq!(ask(thread_addr, PATIENCE).unwrap(), "admin");
    // The control: a server of the runtime does not answer.
    assert!(ask(runtime_addr, ms(300)).is_err());
    drop(ends);
    assert!(ask(runtime_addr, PATIENCE).is_ok());
    drop(shutdown);
}

#[tokio::test]
async fn a_server_on_a_thread_answers_in_the_hooks_and_closes_after_them() {
    let (listener, addr) = listener();
    let shutdown = shutdown().delay(ms(0));
    let (stop, done) =
        (shutdown.phases().reached(Phase::Stopping), shutdown.phases().reached(Phase::Done));
    shutdown.handle().hook(Stage::Flush, "logs", move || async move {
        let answer = task::spawn_blocking(move || ask(addr, PATIENCE)).await;
        answer.unwrap().map(drop)
    });
    let shutdown = shutdown.admin_thread(|| serve(listener, done)).unwrap();
    shutdown.handle().trigger("the test");
    let report = shutdown.run(stop).await;
    assert!(report.is_clean(), "{report}");
    assert!(TcpStream::connect(addr).is_err(), "the listener is closed when `run` returns");
}

#[tokio::test]
async fn a_server_on_a_thread_that_does_not_end_is_aborted_after_100_ms() {
    let shutdown = shutdown().delay(ms(0));
    let (dropped, is_dropped) = tokio::sync::oneshot::channel::<()>();
    let stop = shutdown.phases().reached(Phase::Stopping);
    let shutdown = shutdown
        .admin_thread(|| async move {
            let _dropped = dropped;
            hung().await;
        })
        .unwrap();
    shutdown.handle().trigger("the test");
    let start = tokio::time::Instant::now();
    assert!(shutdown.run(stop).await.is_clean());
    assert!(start.elapsed() >= ms(100));
    assert!(is_dropped.await.is_err());
}

#[tokio::test]
async fn a_handler_that_blocks_the_thread_does_not_hold_up_the_end() {
    let shutdown = shutdown().delay(ms(0));
    let (end, ended) = channel::<()>();
    let stop = shutdown.phases().reached(Phase::Stopping);
    let shutdown = shutdown
        .admin_thread(|| async move {
            let _ = ended.recv();
        })
        .unwrap();
    shutdown.handle().trigger("the test");
    assert!(shutdown.run(stop).await.is_clean());
    // Still blocked, since the end of this channel has not been seen.
    end.send(()).unwrap();
}

#[tokio::test]
async fn a_server_on_a_thread_that_ends_fails_or_panics_triggers_the_shutdown() {
    let panicked = |message: &str| Reason::ServerPanicked(message.to_owned());
    for (case, reason) in [
        ("ends", Reason::ServerEnded),
        ("fails", Reason::ServerFailed("the admin port is gone".to_owned())),
        ("panics", panicked("in the server")),
        ("is not made", panicked("before the server")),
    ] {
        let shutdown = shutdown().delay(ms(0));
        let stop = shutdown.phases().reached(Phase::Stopping);
        let server = move || {
            if case == "is not made" {
                panic!("before the server");
            }
            async move {
                match case {
                    "fails" => Err("the admin port is gone"),
                    "panics" => panic!("in the server"),
                    _ => Ok(()),
                }
            }
        };
        let report = shutdown.admin_thread(server).unwrap().run(stop).await;
        assert_eq!(*report.reason(), reason, "{case}");
    }
}

#[tokio::test]
async fn a_task_of_the_server_that_panics_leaves_the_server_running() {
    let (listener, addr) = listener();
    let shutdown = shutdown();
    let done = shutdown.phases().reached(Phase::Done);
    let shutdown = shutdown
        .admin_thread(|| async move {
            assert!(tokio::spawn(async { panic!("a handler") }).await.is_err());
            serve(listener, done).await
        })
        .unwrap();
    let answer = task::spawn_blocking(move || ask(addr, PATIENCE)).await.unwrap();
    assert_eq!(answer.unwrap(), "admin");
    assert_eq!(shutdown.phases().now(), Phase::Running);
}

#[tokio::test]
async fn a_shutdown_that_is_dropped_ends_the_thread() {
    let (listener, addr) = listener();
    let shutdown = shutdown();
    let done = shutdown.phases().reached(Phase::Done);
    let shutdown = shutdown.admin_thread(|| serve(listener, done)).unwrap();
    drop(shutdown);
    assert!(eventually(PATIENCE, || TcpStream::connect(addr).is_err()).await);
}

#[test]
fn a_server_on_a_thread_needs_no_runtime_and_has_one_of_its_own() {
    let (sender, receiver) = channel();
    let shutdown = Shutdown::without_signals().admin_thread(move || async move {
        sender.send(Handle::current().metrics().num_workers()).unwrap();
        hung().await;
    });
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), 1);
    drop(shutdown);
}
