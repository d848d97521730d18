mod respond;

use std::{future::pending, sync::Arc};

use bytes::{Bytes, BytesMut};
use h2::{
    PingPong, Reason, RecvStream, StreamId,
    server::{SendResponse, handshake},
};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
};

use self::respond::Response;
use super::{Behavior, admission::Admission, record::Record, socket::Socket};

/// The state of a connection that its streams share.
#[derive(Clone)]
struct Link {
    socket: Socket,
    record: Arc<Record>,
    ping: Arc<Mutex<PingPong>>,
    /// Ends the connection.
    end: Arc<Notify>,
}

/// Answers requests until the connection closes.
pub(super) async fn serve(socket: Socket, record: Arc<Record>) -> Result<(), h2::Error> {
    let mut connection = handshake(socket.clone()).await?;
    let ping = connection.ping_pong().map(|ping| Arc::new(Mutex::new(ping)));
    let Some(ping) = ping else { unreachable!("a new connection has a handle for pings") };
    let link = Link { socket, record, ping, end: Arc::default() };
    let (mut streams, mut is_going_away) = (JoinSet::new(), false);
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(accepted) => {
                    let (request, response) = accepted?;
                    let admit = if is_going_away { Admission::exclude } else { Admission::of };
                    let admission = admit(request.headers(), &link.record);
                    is_going_away |= matches!(admission, Admission::Refused(Behavior::GoAway));
                    streams.spawn(exchange(admission, request.into_body(), response, link.clone()));
                }
                None => return Ok(()),
            },
            Some(_) = streams.join_next() => {}
            () = link.end.notified() => return Ok(()),
        }
    }
}

/// Answers a request. Errors are ignored; the client sees them itself.
async fn exchange(
    admission: Admission,
    request: RecvStream,
    response: SendResponse<Bytes>,
    link: Link,
) {
    match admission {
        // The client may send further streams before it reads the GOAWAY, which is their answer.
        Admission::Excluded => pending().await,
        Admission::Refused(behavior) => refuse(behavior, response, &link).await,
        Admission::Received(exchange) => {
            if let Ok(body) = read(request).await {
                let steps = exchange.plan(body);
                let _ = Response::new(response, &link).run(&exchange, steps).await;
            }
        }
    }
}

async fn refuse(behavior: Behavior, mut response: SendResponse<Bytes>, link: &Link) {
    if behavior == Behavior::RefuseStream {
        response.send_reset(Reason::REFUSED_STREAM);
        return;
    }
    // An error means that the client has gone away.
    let _ = link.socket.write_past(&go_away_below(response.stream_id())).await;
    // The client closes the connection; until then, the stream has neither a response nor a reset.
    pending::<()>().await;
}

/// Returns a GOAWAY frame whose last processed stream is the one before `stream`.
///
/// The server library never excludes a stream that it has accepted.
fn go_away_below(stream: StreamId) -> Vec<u8> {
    const HEADER: [u8; 9] = [0, 0, 8, 7, 0, 0, 0, 0, 0];
    let last = u32::from(stream).saturating_sub(2);
    let no_error = u32::from(Reason::NO_ERROR);
    [&HEADER[..], &last.to_be_bytes(), &no_error.to_be_bytes()].concat()
}

async fn read(mut stream: RecvStream) -> Result<Bytes, h2::Error> {
    let mut body = BytesMut::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    Ok(body.freeze())
}
