//! Servers that lose requests in known ways.

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_testkit::{
    load::{Caller, Load},
    probe::{Gate, Probe, ProbeBody, ProbeError, Reply},
    server::{Protocol, Server},
};
use http::{Request, Response};
use tokio::{net::TcpListener, time::timeout};
use tower::service_fn;

use crate::{
    raw::{ANSWER, answer, request, server},
    tally_with,
};

const KEEP_ALIVE: Caller = Caller::KeepAlive { think: Duration::ZERO };

#[tokio::test]
async fn a_naive_server_that_closes_kept_connections_loses_requests_on_reused_ones() {
    let addr = server(async |mut stream| {
        request(&mut stream).await;
        answer(&mut stream, ANSWER).await;
        // The idle time is over at the moment when the next request arrives.
        request(&mut stream).await;
    })
    .await;
    let load = Load::new(KEEP_ALIVE).callers(2).start(addr);
    tally_with(&load, |tally| tally.lost_reused >= 5).await;
    let tally = load.stop().await;
    assert_eq!((tally.lost_fresh, tally.cut_off, tally.not_processed), (0, 0, 0), "{tally:?}");
}

#[tokio::test]
async fn a_server_that_closes_new_connections_loses_requests_on_fresh_ones() {
    let addr = server(async |mut stream| {
        request(&mut stream).await;
    })
    .await;
    for caller in [KEEP_ALIVE, Caller::ConnectionEach] {
        let load = Load::new(caller).start(addr);
        tally_with(&load, |tally| tally.lost_fresh >= 5).await;
        let tally = load.stop().await;
        assert_eq!(tally.lost_fresh, tally.total(), "{tally:?}");
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_is_cut_off() {
    let addr = server(async |mut stream| {
        request(&mut stream).await;
        answer(&mut stream, &ANSWER[..ANSWER.len() - 1]).await;
    })
    .await;
    for caller in [KEEP_ALIVE, Caller::ConnectionEach, Caller::EventStream] {
        let load = Load::new(caller).start(addr);
        tally_with(&load, |tally| tally.cut_off >= 5).await;
        let tally = load.stop().await;
        // A response that is open at the stop counts as answered, if its client reads events.
        let open = if caller == Caller::EventStream { tally.answered } else { 0 };
        assert_eq!(tally.cut_off + open, tally.total(), "{caller:?}: {tally:?}");
        assert!(open <= 1, "{tally:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_processes_nothing() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    for caller in [KEEP_ALIVE, Caller::Http2 { streams: 2 }, Caller::Grpc] {
        let load = Load::new(caller).start(addr);
        tally_with(&load, |tally| tally.not_processed >= 3).await;
        let tally = load.stop().await;
        assert_eq!(tally.not_processed, tally.total(), "{caller:?}: {tally:?}");
    }
}

#[tokio::test]
async fn requests_in_flight_are_lost_when_a_server_is_killed() {
    for caller in [KEEP_ALIVE, Caller::Http2 { streams: 3 }] {
        let (probe, gate) = (Probe::new(), Gate::new());
        probe.always(Reply::default().when(&gate));
        let server = if caller == KEEP_ALIVE {
            Server::http1(probe.clone()).await.unwrap()
        } else {
            Server::http2(probe.clone()).await.unwrap()
        };
        let load = Load::new(caller).start(server.addr());
        let in_flight = if caller == KEEP_ALIVE { 1 } else { 3 };
        let is_busy = || probe.counts().in_flight == in_flight;
        assert!(battlement_testkit::eventually(crate::DEADLINE, is_busy).await);
        drop(server);
        tally_with(&load, |tally| tally.not_processed >= 1).await;
        let tally = load.stop().await;
        assert_eq!(tally.lost_fresh, in_flight as u64, "{caller:?}: {tally:?}");
        assert_eq!(tally.answered, 0, "{caller:?}: {tally:?}");
    }
}

#[tokio::test]
async fn an_open_event_stream_is_answered_at_the_stop_and_cut_off_by_a_kill() {
    let probe = Probe::new();
    probe.always(Reply::body(ProbeBody::from("event\n").wait(&Gate::new()).data("never")));
    for is_killed in [false, true] {
        let server = Server::http1(probe.clone()).await.unwrap();
        let load = Load::new(Caller::EventStream).callers(2).start(server.addr());
        let is_open = || probe.counts().in_flight == 2;
        assert!(battlement_testkit::eventually(crate::DEADLINE, is_open).await);
        if is_killed {
            drop(server);
            tally_with(&load, |tally| tally.lost() == 2).await;
            load.stop().await;
        } else {
            let tally = load.stop().await;
            assert_eq!((tally.answered, tally.total()), (2, 2), "{tally:?}");
        }
        assert!(
            battlement_testkit::eventually(crate::DEADLINE, || probe.counts().in_flight == 0).await
        );
    }
}

#[tokio::test]
async fn the_status_tells_a_rejection_from_a_server_error() {
    let service = service_fn(async |request: Request<hyper::body::Incoming>| {
        let (status, grpc) = match request.uri().path() {
            "/overloaded" => (503, "14"),
            _ => (500, "13"),
        };
        let is_grpc = request.headers().contains_key("te");
        let response = Response::builder().status(if is_grpc { 200 } else { status });
        let response = match is_grpc {
            true => response.header("content-type", "application/grpc").header("grpc-status", grpc),
            false => response,
        };
        Ok::<_, Infallible>(response.body(ProbeBody::empty()).unwrap())
    });
    let server = Server::http2(service).await.unwrap();
    for caller in [Caller::Http2 { streams: 2 }, Caller::Grpc] {
        let load = Load::new(caller).path("/overloaded").start(server.addr());
        tally_with(&load, |tally| tally.rejected >= 3).await;
        let tally = load.stop().await;
        assert_eq!(tally.rejected, tally.total(), "{caller:?}: {tally:?}");
        let load = Load::new(caller).path("/broken").start(server.addr());
        tally_with(&load, |tally| tally.server_errors >= 3).await;
        let tally = load.stop().await;
        assert_eq!(tally.server_errors, tally.total(), "{caller:?}: {tally:?}");
    }
}

#[tokio::test]
async fn a_failed_stream_is_replaced_on_its_connection() {
    for (caller, streams) in [(Caller::Http2 { streams: 3 }, 3), (Caller::Grpc, 1)] {
        let (probe, gate) = (Probe::new(), Gate::new());
        probe.next(Reply::error(ProbeError::new("resets its stream")));
        probe.always(Reply::default().when(&gate));
        let connections = Arc::new(AtomicUsize::new(0));
        let (service, accepted) = (probe.clone(), connections.clone());
        let server = Server::hyper(Protocol::Http2, move |_| {
            accepted.fetch_add(1, SeqCst);
            service.clone()
        });
        let server = server.await.unwrap();
        let load = Load::new(caller).start(server.addr());
        let are_all_busy = || probe.counts().calls > streams && probe.counts().in_flight == streams;
        assert!(battlement_testkit::eventually(crate::DEADLINE, are_all_busy).await, "{caller:?}");
        assert_eq!((load.tally().lost_fresh, load.tally().total()), (1, 1), "{caller:?}");
        assert_eq!(connections.load(SeqCst), 1, "{caller:?}");
    }
}

#[tokio::test]
async fn a_stopped_load_gives_up_requests_that_hang_when_its_patience_is_over() {
    for caller in [KEEP_ALIVE, Caller::Http2 { streams: 2 }] {
        for has_head in [false, true] {
            let (probe, requests) = (Probe::new(), if caller == KEEP_ALIVE { 1 } else { 2 });
            let stalled = ProbeBody::from("head").wait(&Gate::new()).data("never");
            probe.always(if has_head { Reply::body(stalled.stream()) } else { Reply::never() });
            let service = probe.clone();
            let server = Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap();
            let patience = Duration::from_millis(200);
            let load = Load::new(caller).patience(patience).start(server.addr());
            let is_open = || probe.counts().in_flight == requests as usize;
            assert!(battlement_testkit::eventually(crate::DEADLINE, is_open).await);
            let stopped = timeout(crate::DEADLINE, load.stop()).await;
            let tally = stopped.expect("a stop is longer than its patience");
            let given_up = if has_head { tally.cut_off } else { tally.lost_fresh };
            assert_eq!((given_up, tally.total()), (requests, requests), "{caller:?}: {tally:?}");
        }
    }
}
