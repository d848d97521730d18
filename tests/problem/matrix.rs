//! Every fault under every server, for every kind of caller.

use std::convert::Infallible;

use axum::{Router, routing::get};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    echo::{EchoClient, EchoServer, Words},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response, header::ACCEPT};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tonic::transport::Endpoint;
use tower::service_fn;

use crate::fault::{FAULT, FAULTS, SECRET, stack};

async fn hyper() -> Server {
    let well = service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("well")))
    });
    let service = stack().service(well);
    Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap()
}

async fn axum() -> Server {
    let router = Router::new().route("/", get(async || "well")).layer(stack().into_inner());
    Server::axum(router).await.unwrap()
}

async fn tonic() -> Server {
    let mut server = tonic::transport::Server::builder().layer(stack().into_inner());
    Server::tonic(server.add_service(EchoServer)).await.unwrap()
}

fn asking(fault: &str, accept: Option<&str>) -> Request<Empty<Bytes>> {
    let request = Request::get("/").header(FAULT, fault);
    let request = match accept {
        Some(accept) => request.header(ACCEPT, accept),
        None => request,
    };
    request.body(Empty::new()).unwrap()
}

/// Checks the response to an HTTP caller, which is the same under every server.
fn check(answer: &Collected, (fault, status, code, _): (&str, u16, &str, &str), form: &str) {
    assert_eq!(answer.status, status, "{fault}");
    let id = answer.header("x-request-id").expect("one id");
    assert_eq!(answer.header("content-type"), Some(form), "{fault}");
    assert_eq!(answer.header("vary"), Some("accept"));
    assert!(answer.text().contains(id), "{fault}: {}", answer.text());
    assert!(!format!("{:?}{}", answer.headers, answer.text()).contains(SECRET), "{fault}");
    let waits = (fault == "rejected").then_some("7");
    assert_eq!(answer.header("retry-after"), waits, "{fault}");
    if form == "application/problem+json" {
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()));
    }
}

const FORMS: [(Option<&str>, &str); 4] = [
    (None, "application/problem+json"),
    (Some("application/json"), "application/problem+json"),
    (Some("text/plain"), "text/plain; charset=utf-8"),
    (Some("text/html,*/*;q=0.8"), "text/html; charset=utf-8"),
];

async fn every_fault_over_http1(server: &Server) {
    // One connection, since a fault in one request does not close it.
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for fault in FAULTS {
        for (accept, form) in FORMS {
            let response = client.send(asking(fault.0, accept)).await.unwrap();
            check(&Collected::of(response).await.unwrap(), fault, form);
        }
    }
    assert_eq!(client.get("/").await.unwrap().text(), "well");
}

async fn every_fault_over_http2(server: &Server) {
    let mut client = Http2::connect(server.addr()).await.unwrap();
    for fault in FAULTS {
        for (accept, form) in FORMS {
            let response = client.send(asking(fault.0, accept)).await.unwrap();
            check(&Collected::of(response).await.unwrap(), fault, form);
        }
    }
    assert_eq!(client.get("/").await.unwrap().text(), "well");
}

#[tokio::test]
async fn every_fault_is_a_problem_under_hyper_over_http1() {
    every_fault_over_http1(&hyper().await).await;
}

#[tokio::test]
async fn every_fault_is_a_problem_under_hyper_over_http2() {
    every_fault_over_http2(&hyper().await).await;
}

#[tokio::test]
async fn every_fault_is_a_problem_under_axum_over_http1() {
    every_fault_over_http1(&axum().await).await;
}

#[tokio::test]
async fn every_fault_is_a_problem_under_axum_over_http2() {
    every_fault_over_http2(&axum().await).await;
}

#[tokio::test]
async fn every_fault_is_a_status_under_tonic() {
    let server = tonic().await;
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    let mut client = EchoClient::new(channel);
    for (fault, _, _, code) in FAULTS {
        let mut request = tonic::Request::new(Words::default());
        request.metadata_mut().insert(FAULT, fault.parse().unwrap());
        let status = client.say(request).await.unwrap_err();
        assert_eq!((status.code() as i32).to_string(), code, "{fault}: {status:?}");
        assert!(status.metadata().contains_key("x-request-id"), "{fault}");
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
        let waits =
            status.metadata().get("grpc-retry-pushback-ms").map(|wait| wait.to_str().unwrap());
        assert_eq!(waits, (fault == "rejected").then_some("7000"));
    }
    let words = Words { text: "well".to_owned(), ..Words::default() };
    assert_eq!(client.say(words).await.unwrap().into_inner().text, "well");
}

#[tokio::test]
async fn a_response_to_head_has_the_headers_of_a_response_to_get() {
    for server in [hyper().await, axum().await] {
        let mut client = Http1::connect(server.addr()).await.unwrap();
        for fault in FAULTS {
            let mut request = asking(fault.0, None);
            *request.method_mut() = http::Method::HEAD;
            let response = client.send(request).await.unwrap();
            let head = Collected::of(response).await.unwrap();
            assert_eq!(head.status, fault.1, "{}", fault.0);
            assert_eq!(head.header("content-type"), Some("application/problem+json"));
            // The same length as for GET, or no length.
            let get =
                Collected::of(client.send(asking(fault.0, None)).await.unwrap()).await.unwrap();
            if let Some(length) = head.header("content-length") {
                assert_eq!(length, get.body.len().to_string(), "{}", fault.0);
            }
            assert!(head.body.is_empty());
        }
        assert_eq!(client.get("/").await.unwrap().text(), "well");
    }
}
