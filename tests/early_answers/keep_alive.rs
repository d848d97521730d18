use battlement_testkit::{
    client::{Collected, Http2},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::{
    patient::{Patient, Upload},
    rejecting::{isolation, limit_under_axum, limit_under_hyper, overload},
};

const LARGE: [Upload; 6] = [
    Upload::Sized(20_000),
    Upload::Sized(60_000),
    Upload::Sized(1_000_000),
    Upload::Chunked(20_000),
    Upload::Chunked(200_000),
    Upload::Chunked(1_000_000),
];

/// Sends 30 POST requests in sequence and expects 30 responses.
async fn expect_all_answered(server: &Server, headers: &'static str, status: u16) {
    for upload in LARGE {
        let mut client = Patient::new(server.addr());
        let posts = tokio::task::spawn_blocking(move || {
            let posts = (0..30).map(|_| client.post(upload, headers));
            posts.collect::<Vec<_>>()
        });
        let statuses: Vec<_> = { posts.await.unwrap().into_iter() }
            .map(|answer| answer.map(|head| head.status).map_err(|error| error.kind()))
            .collect();
        assert_eq!(statuses, vec![Ok(status); 30], "{upload:?}");
    }
}

#[tokio::test]
async fn thirty_of_thirty_large_posts_against_a_limit_are_answered_under_hyper() {
    expect_all_answered(&limit_under_hyper(Protocol::Http1).await, "", 429).await;
}

#[tokio::test]
async fn thirty_of_thirty_large_posts_against_a_limit_are_answered_under_axum() {
    expect_all_answered(&limit_under_axum().await, "", 429).await;
}

#[tokio::test]
async fn thirty_of_thirty_large_posts_of_another_site_are_answered() {
    expect_all_answered(&isolation().await, "sec-fetch-site: cross-site\r\n", 403).await;
}

#[tokio::test]
async fn thirty_of_thirty_large_posts_to_an_overloaded_service_are_answered() {
    expect_all_answered(&overload().await, "", 503).await;
}

#[tokio::test]
async fn a_pooling_client_gets_thirty_answers_to_thirty_large_posts() {
    let server = limit_under_axum().await;
    let client = reqwest::Client::new();
    for bytes in [20_000, 60_000, 200_000, 1_000_000] {
        for _ in 0..30 {
            let post = client.post(server.url("/")).body("x".repeat(bytes));
            assert_eq!(post.send().await.unwrap().status(), 429);
        }
    }
}

#[tokio::test]
async fn two_hundred_small_rejected_posts_use_one_connection() {
    for server in [limit_under_hyper(Protocol::Http1).await, limit_under_axum().await] {
        for upload in [Upload::Sized(0), Upload::Sized(300)] {
            let mut client = Patient::new(server.addr());
            let connections = tokio::task::spawn_blocking(move || {
                for _ in 0..200 {
                    let head = client.post(upload, "").unwrap();
                    assert_eq!((head.status, head.headers.get("connection")), (429, None));
                }
                client.connections
            });
            assert_eq!(connections.await.unwrap(), 1, "{upload:?}");
        }
    }
}

#[tokio::test]
async fn over_http2_a_rejected_large_post_leaves_the_connection_alone() {
    for server in [limit_under_hyper(Protocol::Http2).await, limit_under_axum().await] {
        let mut client = Http2::connect(server.addr()).await.unwrap();
        for _ in 0..30 {
            let body = Full::new(Bytes::from(vec![b'x'; 60_000]));
            let request = Request::post("/").body(body).unwrap();
            let answer = Collected::of(client.send(request).await.unwrap()).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.header("connection")), (429, None));
        }
    }
}
