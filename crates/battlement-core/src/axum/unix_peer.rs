use axum::{extract::connect_info::Connected, serve::IncomingStream};
use tokio::net::UnixListener;

use crate::UnixPeer;

/// For a router that is served on a Unix socket.
impl Connected<IncomingStream<'_, UnixListener>> for UnixPeer {
    fn connect_info(_: IncomingStream<'_, UnixListener>) -> Self {
        Self
    }
}
