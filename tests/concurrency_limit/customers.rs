//! Customers beside a client that sends half of its bodies, with the documented stack.

/// Many requests at once, so that no other test runs beside it.
mod alone {
    use std::{
        io,
        net::{Ipv4Addr, SocketAddr},
        time::Duration,
    };

    use axum::{Router, body::Bytes, routing::post};
    use battlement::{
        client_ip::ClientIpLayer,
        concurrency_limit::{ConcurrencyLimitLayer, Handle},
        metrics::HttpMetrics,
        problem::ProblemLayer,
        rate_limit::{Key, Policy, RateLimitLayer},
        request_id::RequestIdLayer,
        security_headers::SecurityHeadersLayer,
        timeout::{BodyLimits, BodyTimeoutLayer, DeadlineLayer},
    };
    use battlement_testkit::{eventually, server::Server};
    use http::StatusCode;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpSocket, TcpStream},
        time::timeout,
    };
    use tower::ServiceBuilder;

    use crate::{PATIENCE, raise_file_limit};

    const LIMIT: usize = 100;
    /// The requests a minute of one client.
    const QUOTA: u32 = 60;
    const HALF_SENT: usize = 2_000;
    const ORDERS: u8 = 100;

    /// Serves the documented stack, in which a rate limit by client is outside the concurrency limit.
    async fn serve(rate_limit: RateLimitLayer) -> (Server, Handle) {
        let (limit, handle) = ConcurrencyLimitLayer::fixed(LIMIT).pair();
        // Longer than the test takes, so that no half-sent body ends before its end.
        let idle = BodyLimits::new().first_byte(PATIENCE).idle(PATIENCE);
        let layers = ServiceBuilder::new()
            .layer(RequestIdLayer::new())
            .layer(ClientIpLayer::new())
            .layer(HttpMetrics::new().server_layer())
            .layer(SecurityHeadersLayer::api())
            .layer(ProblemLayer::new())
            .layer(DeadlineLayer::new().default_limit(Duration::from_secs(60)))
            .layer(BodyTimeoutLayer::new().request(idle))
            .layer(rate_limit)
            .layer(limit);
        let order = async |_: Bytes| StatusCode::CREATED;
        let router = Router::new().route("/orders", post(order)).layer(layers);
        (Server::axum(router).await.unwrap(), handle)
    }

    /// Connects from this address.
    async fn connect(from: Ipv4Addr, addr: SocketAddr) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        socket.connect(addr).await
    }

    const HEAD: &str =
        "POST /orders HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: 8\r\n\r\n";

    /// Sends half of an order, and returns the connection.
    async fn half_order(addr: SocketAddr) -> TcpStream {
        let mut stream = connect(Ipv4Addr::LOCALHOST, addr).await.unwrap();
        stream.write_all(format!("{HEAD}0123").as_bytes()).await.unwrap();
        stream
    }

    /// Sends an order from this address, and returns the status.
    async fn order(from: Ipv4Addr, addr: SocketAddr) -> u16 {
        let mut stream = connect(from, addr).await.unwrap();
        stream.write_all(format!("{HEAD}01234567").as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn rate_limit() -> RateLimitLayer {
        RateLimitLayer::new(Policy::per_minute("client", QUOTA), Key::client_ip())
    }

    /// Sends half of 2,000 orders from one client and then one order from each of 100 others, and returns the number of
    /// orders that were placed, and of half-sent ones in flight meanwhile.
    async fn place_orders(rate_limit: RateLimitLayer, half_sent_in_flight: usize) -> (u8, usize) {
        raise_file_limit(HALF_SENT);
        let (server, handle) = serve(rate_limit).await;
        let mut half_sent = Vec::new();
        for _ in 0..HALF_SENT {
            half_sent.push(half_order(server.addr()).await);
        }
        let in_flight = || handle.snapshot().in_flight;
        assert!(eventually(PATIENCE, || in_flight() >= half_sent_in_flight).await);
        let mut placed = 0;
        for customer in 1..=ORDERS {
            let from = Ipv4Addr::new(127, 0, 1, customer);
            placed += u8::from(order(from, server.addr()).await == 201);
        }
        let figures = (placed, in_flight());
        drop(half_sent);
        assert!(eventually(PATIENCE, || in_flight() == 0).await);
        println!("{placed} of {ORDERS} orders were placed, with {} in flight", figures.1);
        figures
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn half_sent_bodies_of_one_client_leave_room_for_the_orders_of_others() {
        let quota = usize::try_from(QUOTA).unwrap();
        let (placed, in_flight) = place_orders(rate_limit(), quota).await;
        assert!(placed >= 95, "{placed} of {ORDERS} orders were placed");
        assert!((quota..LIMIT).contains(&in_flight), "{in_flight} in flight");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn without_the_rate_limit_half_sent_bodies_of_one_client_take_the_room_of_others() {
        let figures = place_orders(rate_limit().enabled(false), LIMIT).await;
        assert_eq!(figures, (0, LIMIT));
    }
}
