use std::{net::SocketAddr, time::Duration};

use battlement_testkit::{client, eventually, process::Signal};
use tokio::{net::TcpStream, time::timeout};
use tower::BoxError;

use crate::running::{PATIENCE, Running};

async fn readiness(service: &Running) -> (u16, String) {
    let mut client = client::Http1::connect(service.admin).await.unwrap();
    let response = client.get("/readyz").await.unwrap();
    (response.status.as_u16(), String::from_utf8_lossy(&response.body).into_owned())
}

#[tokio::test]
async fn a_service_turns_unready_then_stops_accepting_then_runs_its_hooks_and_closes_the_admin_server()
 {
    for admin in ["admin=task", "admin=thread"] {
        in_order(admin).await;
    }
}

async fn in_order(admin: &str) {
    let options = [admin, "delay=1000", "hook=slow", "hooks=3000", "budget=6000"];
    let mut service = Running::start(&options).await;
    assert_eq!(readiness(&service).await, (200, "running".to_owned()));

    service.process.signal(Signal::TERM);
    service.line("shutdown started").await;
    assert_eq!(readiness(&service).await, (503, "unready".to_owned()));
    assert_eq!(service.get("/hello").await, (200, "hello".to_owned()), "it still accepts");

    service.line("hook slow").await;
    assert!(TcpStream::connect(service.app).await.is_err(), "accepting has ended");
    assert_eq!(readiness(&service).await.0, 503, "the admin server outlives the hooks");

    let admin = service.admin;
    let ended = service.end(&[]).await;
    assert!(TcpStream::connect(admin).await.is_err());
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    let hooks: Vec<_> = ended.log.lines().filter_map(|line| line.strip_prefix("hook ")).collect();
    assert_eq!(hooks, ["consumer", "slow", "cache", "database", "logs"]);
}

#[tokio::test]
async fn a_kept_alive_connection_is_served_in_the_delay_and_closed_after_it() {
    for server in ["server=axum", "server=tonic"] {
        let mut service = Running::start(&[server, "delay=1000"]).await;
        let mut client = service.connect().await;
        assert_eq!(client.get("/hello").await.0, 200);
        service.process.signal(Signal::TERM);
        service.line("shutdown started").await;
        assert_eq!(client.get("/hello").await.0, 200);
        let ended = service.end(&[]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        assert!(eventually(PATIENCE, || client.is_closed()).await);
    }
}

#[tokio::test]
async fn an_admin_server_on_a_thread_answers_until_the_exit_while_every_worker_is_blocked() {
    // One worker, and an admin server on it, which is the control.
    for (admin, answers) in [("admin=task", false), ("admin=thread", true)] {
        let options = [admin, "drain=500", "hooks=500", "budget=1500"];
        let mut service = Running::start(&options).await;
        let mut raw = client::Raw::connect(service.app).await.unwrap();
        raw.write("GET /block HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        service.line("blocked").await;
        let answer = timeout(Duration::from_millis(300), readiness(&service)).await;
        assert_eq!(answer.ok(), answers.then(|| (200, "running".to_owned())), "{admin}");

        service.process.signal(Signal::TERM);
        service.line("shutdown started").await;
        if answers {
            let mut polls = 0;
            // Until the process has exited, or exits.
            while let Ok(status) = status(service.admin).await {
                assert_eq!(status, 503);
                polls += 1;
            }
            assert!(polls > 0);
        }
        let ended = service.end(&[]).await;
        assert_eq!(ended.code, Some(1), "{}", ended.log);
        ended.reports(&["exit forced at the end of the budget", "cut off: 1 request"]);
    }
}

async fn status(admin: SocketAddr) -> Result<u16, BoxError> {
    Ok(client::Http1::connect(admin).await?.get("/readyz").await?.status.as_u16())
}
