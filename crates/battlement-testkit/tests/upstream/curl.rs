//! The program curl, which reports failures by its exit code.

use std::process::Command;

use battlement_testkit::{
    process::Process,
    upstream::{BODY, Behavior, Break, Upstream},
};

use crate::{BEHAVIORS, DEADLINE};

const REFUSED: i32 = 7;
const HTTP2: i32 = 16;
const PARTIAL_FILE: i32 = 18;
const TIMED_OUT: i32 = 28;
const EMPTY_REPLY: i32 = 52;
const SEND: i32 = 55;
const RECEIVE: i32 = 56;
const HTTP2_STREAM: i32 = 92;
/// The codes for a broken HTTP/2 connection, which depend on what curl reads or sends at that moment.
const BROKEN: [i32; 4] = [RECEIVE, SEND, HTTP2, HTTP2_STREAM];
const REFUSED_STREAM: [i32; 6] = [RECEIVE, SEND, HTTP2, HTTP2_STREAM, EMPTY_REPLY, TIMED_OUT];

/// Returns the exit code and the output, which ends with the status.
async fn curl(upstream: &Upstream, protocol: &str, behavior: Behavior) -> (i32, String) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--no-buffer", "--max-time", "1", protocol]);
    command.args(["--noproxy", "*", "--write-out", "%{http_code}"]);
    command.args(["--header", &format!("{}: {behavior}", Behavior::HEADER)]);
    let mut curl = Process::start(command.arg(upstream.url("/")))
        .expect("curl is missing: run `apt-get install curl`");
    let status = curl.exited(DEADLINE).await.unwrap();
    (status.code().unwrap(), curl.log())
}

#[tokio::test]
async fn every_behavior_is_reported_over_http1() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let (code, output) = curl(&upstream, "--http1.1", behavior).await;
        let (expected, status) = match behavior {
            Behavior::Error => (&[0][..], "500"),
            Behavior::Overloaded(_) => (&[0][..], "503"),
            Behavior::ResetHead => (&[RECEIVE][..], "000"),
            Behavior::ResetBody => (&[RECEIVE][..], "200"),
            Behavior::Truncate => (&[PARTIAL_FILE][..], "200"),
            Behavior::GoAway | Behavior::RefuseStream => (&[EMPTY_REPLY][..], "000"),
            Behavior::Hang => (&[TIMED_OUT][..], "000"),
            Behavior::BrokenStream { by, .. } => match by {
                Break::ResetStream | Break::ResetConnection => (&[RECEIVE][..], "200"),
                Break::Truncate => (&[PARTIAL_FILE][..], "200"),
                Break::Hang => (&[TIMED_OUT][..], "200"),
                _ => (&[0][..], "200"),
            },
            _ => (&[0][..], "200"),
        };
        assert!(expected.contains(&code), "{behavior}: {code} {output}");
        assert!(output.ends_with(status), "{behavior}: {code} {output}");
    }
}

#[tokio::test]
async fn every_behavior_is_reported_over_http2() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let (code, output) = curl(&upstream, "--http2-prior-knowledge", behavior).await;
        let (expected, status) = match behavior {
            Behavior::Error => (&[0][..], "500"),
            Behavior::Overloaded(_) => (&[0][..], "503"),
            Behavior::ResetHead => (&BROKEN[..], "000"),
            Behavior::ResetBody => (&BROKEN[..], "200"),
            Behavior::Truncate => (&[PARTIAL_FILE, HTTP2_STREAM][..], "200"),
            // curl repeats the request on a new connection until its time is over.
            Behavior::GoAway | Behavior::RefuseStream => (&REFUSED_STREAM[..], "000"),
            Behavior::Hang => (&[TIMED_OUT][..], "000"),
            Behavior::BrokenStream { by, .. } => match by {
                Break::ResetStream => (&[HTTP2_STREAM][..], "200"),
                Break::ResetConnection => (&BROKEN[..], "200"),
                Break::Hang => (&[TIMED_OUT][..], "200"),
                _ => (&[0][..], "200"),
            },
            _ => (&[0][..], "200"),
        };
        assert!(expected.contains(&code), "{behavior}: {code} {output}");
        assert!(output.ends_with(status), "{behavior}: {code} {output}");
    }
}

#[tokio::test]
async fn an_answer_is_complete_and_a_refused_connection_is_reported() {
    let mut upstream = Upstream::start().await.unwrap();
    for protocol in ["--http1.1", "--http2-prior-knowledge"] {
        let (_, output) = curl(&upstream, protocol, Behavior::Drip(crate::PAUSE)).await;
        assert_eq!(output, format!("{BODY}200"));
    }
    upstream.refuse().await.unwrap();
    assert_eq!(curl(&upstream, "--http1.1", Behavior::Answer).await.0, REFUSED);
}
