//! Clients that close their sending side after the request, as `nc` and `curl` with a pipe do.

use std::time::Duration;

use battlement_testkit::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::servers::Peer;

const DEADLINE: Duration = Duration::from_secs(20);

/// Returns what a client gets that has ended its sending side while the handler works.
pub(crate) async fn answer(peer: Peer) -> String {
    let server = peer.start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET /waits HTTP/1.1\r\nhost: shop.test\r\n\r\n").await.unwrap();
    assert!(eventually(DEADLINE, || server.progress.receiver_count() > 0).await);
    stream.shutdown().await.unwrap();
    let told = async {
        // A server that gives up drops the handler at once.
        let _ =
            eventually(Duration::from_millis(200), || server.progress.receiver_count() == 0).await;
        server.progress.send_replace(true);
    };
    let mut answer = String::new();
    let _ = tokio::join!(stream.read_to_string(&mut answer), told);
    answer
}

#[tokio::test]
async fn a_client_that_has_ended_its_sending_side_gets_no_answer() {
    for peer in Peer::HTTP_1 {
        assert_eq!(answer(peer).await, "", "{peer:?}");
    }
}
