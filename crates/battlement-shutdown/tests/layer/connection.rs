use battlement_shutdown::{DrainToken, Phase};
use http::{Method, Request, Response, Version};
use tower::{Layer, ServiceExt, service_fn};

use crate::service::{Body, SECOND, answers, get, head, running, shutdown};

fn connection(response: &Response<impl Sized>) -> Vec<&str> {
    let values = response.headers().get_all("connection").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn responses_announce_the_end_of_the_connection_from_unready_on() {
    for phase in Phase::ALL {
        let shutdown = shutdown();
        let service = shutdown.layer().layer(answers(Response::new(Body::from("hello"))));
        let run = match phase {
            Phase::Running => None,
            phase => Some(running(shutdown, phase).await),
        };
        let response = service.oneshot(get()).await.unwrap();
        let expected: &[&str] = if phase == Phase::Running { &[] } else { &["close"] };
        assert_eq!(connection(&response), expected, "{phase:?}");
        drop(response);
        if let Some(run) = run {
            let _ = run.await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_sent_before_the_shutdown_is_answered_with_the_announcement() {
    let shutdown = shutdown();
    let slow = service_fn(|_| async {
        tokio::time::sleep(SECOND / 2).await;
        Ok::<_, std::convert::Infallible>(Response::new(Body::default()))
    });
    let call = tokio::spawn(shutdown.layer().layer(slow).oneshot(get()));
    let _run = running(shutdown, Phase::Unready).await;
    assert_eq!(connection(&call.await.unwrap().unwrap()), ["close"]);
}

#[tokio::test]
async fn close_is_merged_with_the_options_of_the_service_and_never_sent_where_it_does_not_belong() {
    let shutdown = shutdown();
    shutdown.handle().trigger("a test");
    let with = |status: u16| {
        let response = Response::builder().status(status).header("connection", "x-hop, keep-alive");
        response.body(Body::default()).unwrap()
    };
    let of = |method: Method, version: Version| {
        Request::builder().method(method).version(version).uri("/").body(Body::default()).unwrap()
    };
    for (method, version, status, expected) in [
        (Method::GET, Version::HTTP_11, 200, "x-hop, close"),
        (Method::GET, Version::HTTP_10, 500, "x-hop, close"),
        (Method::GET, Version::HTTP_11, 101, "x-hop, keep-alive"),
        (Method::CONNECT, Version::HTTP_11, 200, "x-hop, keep-alive"),
        (Method::CONNECT, Version::HTTP_11, 502, "x-hop, close"),
        (Method::GET, Version::HTTP_2, 200, "x-hop, keep-alive"),
        (Method::GET, Version::HTTP_3, 200, "x-hop, keep-alive"),
    ] {
        let response = head(&shutdown, of(method.clone(), version), with(status)).await;
        assert_eq!(connection(&response), [expected], "{method} {version:?} {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn gradual_closes_connections_one_after_the_other_and_all_once_the_delay_is_over() {
    let shutdown = shutdown();
    let layer = shutdown.layer().gradual();
    let service = layer.layer(answers(Response::new(Body::from("hello"))));
    let phases = shutdown.phases();
    let _run = running(shutdown, Phase::Unready).await;
    let connections: Vec<_> = (0..100)
        .map(|_| {
            let (service, phases) = (service.clone(), phases.clone());
            // A busy connection: a request every ten milliseconds, in one task.
            tokio::spawn(async move {
                let start = tokio::time::Instant::now();
                loop {
                    let response = service.clone().oneshot(get()).await.unwrap();
                    if connection(&response) == ["close"] {
                        return (start.elapsed(), phases.now());
                    }
                    tokio::time::sleep(SECOND / 100).await;
                }
            })
        })
        .collect();
    let mut fifths = [0; 5];
    for connection in connections {
        let (closed, phase) = connection.await.unwrap();
        assert!(phase <= Phase::Stopping, "a connection outlived the delay");
        fifths[((closed.as_millis() / 200) as usize).min(4)] += 1;
    }
    assert!(fifths.iter().all(|closes| *closes <= 50), "{fifths:?}");
    assert!(fifths.iter().all(|closes| *closes > 0), "{fifths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_the_drain_with_the_token_of_its_request() {
    let shutdown = shutdown();
    let waits = service_fn(|request: Request<Body>| async move {
        let token = DrainToken::of(&request).unwrap();
        assert!(!token.is_draining());
        token.draining().await;
        assert_eq!(token.phases().now(), Phase::Draining);
        Ok::<_, std::convert::Infallible>(Response::new(Body::default()))
    });
    let call = tokio::spawn(shutdown.layer().layer(waits).oneshot(get()));
    tokio::task::yield_now().await;
    let _run = running(shutdown, Phase::Draining).await;
    call.await.unwrap().unwrap();
    assert!(DrainToken::of(&get()).is_none());
}
