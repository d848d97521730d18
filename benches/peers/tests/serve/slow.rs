//! Clients that send a request and never read the response.

use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

use crate::{
    HOUR,
    servers::{Peer, Running},
};

/// Sends a request, and returns whether the server gives up the body of its response within an hour. Time is paused.
async fn gives_up(server: &Running, request: &str) -> bool {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut progress = server.progress.subscribe();
    while server.progress.receiver_count() < 2 {
        tokio::task::yield_now().await;
    }
    let is_given_up = async {
        while server.progress.receiver_count() > 1 {
            tokio::time::sleep(HOUR / 100).await;
        }
    };
    progress.mark_unchanged();
    timeout(HOUR, is_given_up).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_never_read_is_held_forever() {
    for peer in Peer::HTTP_1 {
        let server = peer.start().await;
        let request = "GET /endless HTTP/1.1\r\nhost: shop.test\r\n\r\n";
        assert!(!gives_up(&server, request).await, "{peer:?}");
    }
}
