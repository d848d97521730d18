use std::time::Duration;

use crate::{
    LIMIT,
    held::Held::{
        self, DrippedBody, DrippedHead, HalfHead, HalfPreface, Http2, KeptAlive, Preface, Silent,
    },
    servers::Peer::{self, Axum, AxumServer, AxumServerLimited, HyperUtil, Tonic},
};

/// Asserts that a server closes the connection after about this time, or keeps it open for an hour.
pub(crate) async fn closes(peer: Peer, held: Held, expected: Option<Duration>) {
    let server = peer.start().await;
    let closed = held.closed_after(server.addr).await;
    let second = Duration::from_secs(1);
    let is_expected = match (closed, expected) {
        (Some(closed), Some(expected)) => {
            expected <= closed + second && closed <= expected + second
        }
        (closed, expected) => closed == expected,
    };
    assert!(is_expected, "{peer:?} {held:?} {closed:?}");
}

#[tokio::test(start_paused = true)]
async fn axum_and_axum_server_have_no_limit_of_time() {
    let all = [Silent, HalfHead, DrippedHead, DrippedBody, HalfPreface, Preface, Http2, KeptAlive];
    for held in all {
        closes(Axum, held, None).await;
        closes(AxumServer, held, None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tonic_has_no_limit_of_time() {
    for held in [Silent, HalfPreface, Preface, Http2] {
        closes(Tonic, held, None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn hyper_util_limits_heads_and_nothing_before_its_protocol_is_detected() {
    // The timer of a head also runs between requests.
    for held in [HalfHead, DrippedHead, KeptAlive] {
        closes(HyperUtil, held, Some(LIMIT)).await;
    }
    for held in [Silent, HalfPreface, Preface, Http2, DrippedBody] {
        closes(HyperUtil, held, None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_request_timeout_of_axum_server_covers_all_before_the_first_request() {
    for held in [Silent, HalfHead, DrippedHead, HalfPreface, Preface, Http2, KeptAlive] {
        closes(AxumServerLimited, held, Some(LIMIT)).await;
    }
    closes(AxumServerLimited, DrippedBody, None).await;
}
