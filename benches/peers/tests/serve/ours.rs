//! The same of battlement-serve, with its defaults.

use std::time::Duration;

use crate::{
    LIMIT,
    cancels::{after_cancels, answers_pings},
    half_close::answer,
    held::Held::{
        DrippedBody, DrippedHead, HalfHead, HalfPreface, Http2, KeptAlive, Preface, Silent,
    },
    servers::Peer::Ours,
    time::closes,
};

#[tokio::test(start_paused = true)]
async fn ours_limits_the_time_until_the_first_request_and_that_between_requests() {
    for held in [Silent, HalfHead, DrippedHead, HalfPreface, Preface] {
        closes(Ours, held, Some(LIMIT)).await;
    }
    closes(Ours, KeptAlive, Some(Duration::from_secs(75))).await;
    // The client answers no ping, which is sent after 20 seconds.
    closes(Ours, Http2, Some(Duration::from_secs(30))).await;
    // The body of a request is limited by a layer.
    closes(Ours, DrippedBody, None).await;
}

#[tokio::test]
async fn ours_answers_a_client_that_has_ended_its_sending_side() {
    let answer = answer(Ours).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("told"), "{answer}");
}

#[tokio::test]
async fn ours_keeps_a_client_that_cancels_50_requests_at_once_and_ends_a_flood_of_pings() {
    assert_eq!(after_cancels(Ours, 50).await, None);
    assert!(!answers_pings(Ours).await);
}
