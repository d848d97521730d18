//! Connections that break at any byte.

/// Many connections at once, so that no other test runs beside it.
mod alone {
    use std::{net::SocketAddr, time::Duration};

    use battlement::concurrency_limit::ConcurrencyLimitLayer;
    use battlement_testkit::{client::Http2, eventually};
    use bytes::Bytes;
    use http::Request;
    use http_body_util::{BodyExt as _, Full};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::timeout,
    };

    use crate::{PATIENCE, dice::Dice, service::Under};

    const CONNECTIONS: u64 = 10_000;
    const TASKS: u64 = 16;
    /// Fewer than the connections at once, so that some requests are rejected.
    const LIMIT: usize = 4;

    /// Sends a request over HTTP/1 up to any byte, and reads what comes within a moment.
    async fn over_http1(server: SocketAddr, dice: &mut Dice) {
        let request = match dice.below(4) {
            0 => {
                "POST /read HTTP/1.1\r\nhost: shop\r\ncontent-length: 32\r\n\r\n0123456789abcdef0123456789abcdef"
            }
            1 => "GET /large HTTP/1.1\r\nhost: shop\r\n\r\n",
            2 => "GET /hang HTTP/1.1\r\nhost: shop\r\n\r\n",
            _ => "GET / HTTP/1.1\r\nhost: shop\r\n\r\n",
        };
        let whole = u32::try_from(request.len()).unwrap();
        let sent = if dice.one_in(2) { dice.below(whole) } else { whole } as usize;
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
        let mut answer = [0; 4096];
        for _ in 0..dice.below(3) {
            let _ = timeout(moment(dice), stream.read(&mut answer)).await;
        }
    }

    /// Sends requests over one HTTP/2 connection, and leaves each within a moment.
    async fn over_http2(server: SocketAddr, dice: &mut Dice) {
        let mut client = Http2::connect(server).await.unwrap();
        for _ in 0..=dice.below(3) {
            let path = dice.pick(&["/read", "/large", "/hang", "/"]);
            let request = Request::post(path).body(Full::<Bytes>::from("a body")).unwrap();
            let Ok(Ok(response)) = timeout(moment(dice), client.send(request)).await else {
                continue;
            };
            let mut body = response.into_body();
            for _ in 0..dice.below(4) {
                let _ = timeout(moment(dice), body.frame()).await;
            }
        }
    }

    fn moment(dice: &mut Dice) -> Duration {
        Duration::from_millis(dice.below(4).into())
    }

    /// Opens and cuts connections at random, and asserts that every permit is given back.
    async fn cut(under: Under) {
        let (limit, handle) = ConcurrencyLimitLayer::fixed(LIMIT).pair();
        let server = under.serve(limit).await;
        let addr = server.addr();
        let clients: Vec<_> = (0..TASKS)
            .map(|task| {
                tokio::spawn(async move {
                    let mut dice = Dice::new(task);
                    for _ in 0..CONNECTIONS / TASKS {
                        if under == Under::Tonic || dice.one_in(3) {
                            over_http2(addr, &mut dice).await;
                        } else {
                            over_http1(addr, &mut dice).await;
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        assert!(
            eventually(PATIENCE, || handle.snapshot().in_flight == 0).await,
            "{under:?}: {:?}",
            handle.snapshot()
        );
        println!("{under:?}: {} rejections", handle.snapshot().rejections);
        assert!(handle.snapshot().rejections > 0, "the limit was never reached");
        // Every permit is free: as many requests as the limit allows are admitted at once.
        let mut clients = Vec::new();
        for _ in 0..LIMIT {
            let mut client = Http2::connect(addr).await.unwrap();
            let request = Request::get("/large").body(Full::<Bytes>::default()).unwrap();
            let response = client.send(request).await.unwrap();
            assert_eq!(response.status(), 200, "{under:?}");
            clients.push((client, response));
        }
        assert_eq!(handle.snapshot().in_flight, LIMIT, "{under:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn after_10_000_connections_cut_at_random_no_request_is_in_flight_under_hyper() {
        cut(Under::Hyper).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn after_10_000_connections_cut_at_random_no_request_is_in_flight_under_axum() {
        cut(Under::Axum).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn after_10_000_connections_cut_at_random_no_request_is_in_flight_under_tonic() {
        cut(Under::Tonic).await;
    }
}
