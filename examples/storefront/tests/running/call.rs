//! Connections on which the storefront calls another service. The checks of its health open and close connections as well,
//! without a byte.

use std::net::{TcpListener, TcpStream};

/// Accepts the connection of the next call.
#[allow(dead_code, reason = "not every test needs it")]
pub fn accept(listener: &TcpListener) -> TcpStream {
    let connections = listener.incoming().map(Result::unwrap);
    connections.into_iter().find(is_call).unwrap()
}

/// Waits until the peer sends or closes, and returns whether it sends.
pub fn is_call(stream: &TcpStream) -> bool {
    stream.peek(&mut [0]).is_ok_and(|length| length > 0)
}
