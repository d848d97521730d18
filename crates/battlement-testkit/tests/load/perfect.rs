//! Servers that lose nothing.

use std::time::Duration;

use battlement_testkit::{
    eventually,
    load::{Caller, Load, Tally},
    probe::{Probe, ProbeBody, Reply},
    server::{Protocol, Server},
    upstream::Upstream,
};
use http::{HeaderName, HeaderValue, Response};

use crate::DEADLINE;

const THINK: Duration = Duration::from_millis(2);
const PAUSE: Duration = Duration::from_millis(1);
const ANSWERS: u64 = 60;

const CALLERS: [Caller; 7] = [
    Caller::KeepAlive { think: THINK },
    Caller::ConnectionEach,
    Caller::Http2 { streams: 4 },
    Caller::Grpc,
    Caller::GrpcStreams { streams: 4 },
    Caller::SlowUpload { chunks: 5, pause: PAUSE },
    Caller::EventStream,
];

#[tokio::test]
async fn a_perfect_server_answers_every_caller_and_loses_nothing() {
    for caller in CALLERS {
        let upstream = Upstream::start().await.unwrap();
        let load = Load::new(caller).callers(3).start(upstream.addr());
        assert!(load.answered(ANSWERS, DEADLINE).await);
        let tally = load.stop().await;
        assert!(tally.answered >= ANSWERS, "{caller:?}: {tally:?}");
        assert_eq!((tally.lost(), tally.not_processed), (0, 0), "{caller:?}: {tally:?}");
        assert_eq!(tally.answered, tally.total(), "{caller:?}: {tally:?}");
        if caller != Caller::EventStream {
            assert_eq!(upstream.counts().processed, tally.answered, "{caller:?}");
        }
        let is_kept = !matches!(
            caller,
            Caller::ConnectionEach | Caller::SlowUpload { .. } | Caller::EventStream
        );
        assert_eq!(upstream.connections() == 3, is_kept, "{caller:?}: {}", upstream.connections());
    }
}

#[tokio::test]
async fn a_server_that_announces_the_end_of_a_connection_loses_nothing() {
    let probe = Probe::new();
    let response = Response::builder().header("connection", "close");
    probe.always(Reply::respond(response.body(ProbeBody::from("ok")).unwrap()));
    let server = Server::http1(probe).await.unwrap();
    let load = Load::new(Caller::KeepAlive { think: THINK }).callers(3).start(server.addr());
    assert!(load.answered(ANSWERS, DEADLINE).await);
    let tally = load.stop().await;
    assert_eq!(tally.answered, tally.total(), "{tally:?}");
}

#[tokio::test]
async fn every_request_has_the_headers_of_the_load() {
    for caller in CALLERS {
        let probe = Probe::new();
        probe.always(Reply::respond(Response::new(ProbeBody::from("ok"))));
        let service = probe.clone();
        let server = Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap();
        let (name, value) = (HeaderName::from_static("x-load"), HeaderValue::from_static("1"));
        let load = Load::new(caller).header(name.clone(), value.clone()).start(server.addr());
        assert!(eventually(DEADLINE, || load.tally().total() >= 2).await);
        drop(load);
        for received in probe.received() {
            assert_eq!(received.parts.headers.get(&name), Some(&value), "{caller:?}");
        }
    }
}

#[test]
fn tallies_of_several_kinds_of_callers_add_up() {
    let mut tally = Tally::default();
    tally.answered = 2;
    tally.lost_fresh = 1;
    tally.not_processed = 4;
    let sum = tally + tally;
    assert_eq!((sum.answered, sum.lost(), sum.not_processed, sum.total()), (4, 2, 8, 14));
}
