use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{http1, http2, record::Record, socket::Socket};

/// The length of the pending connection queue.
const BACKLOG: u32 = 1024;
/// The pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(5);
/// The first bytes of an HTTP/2 connection, which no HTTP/1 method starts with.
const HTTP2_PREFACE: &[u8] = b"PRI ";

/// A port that can be closed and opened again.
#[derive(Debug)]
pub(super) struct Port {
    addr: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(JoinHandle<()>),
    /// The socket is bound but does not listen, so connections are refused and the port remains reserved.
    Closed {
        _reserved: Option<TcpSocket>,
    },
}

impl Port {
    pub(super) fn open(listener: TcpListener, record: &Arc<Record>) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Arc::clone(record)));
        Ok(Self { addr, state: State::Open(task) })
    }

    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(super) async fn close(&mut self) -> io::Result<()> {
        if let State::Open(task) = &mut self.state {
            task.abort();
            // An error means that the task was aborted, as it should be.
            let _ = task.await;
            self.state = State::Closed { _reserved: Some(self.bind()?) };
        }
        Ok(())
    }

    pub(super) fn reopen(&mut self, record: &Arc<Record>) -> io::Result<()> {
        if matches!(self.state, State::Closed { .. }) {
            self.state = State::Closed { _reserved: None };
            let listener = self.bind()?.listen(BACKLOG)?;
            self.state = State::Open(tokio::spawn(accept(listener, Arc::clone(record))));
        }
        Ok(())
    }

    fn bind(&self) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.addr)?;
        Ok(socket)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let State::Open(task) = &self.state {
            task.abort();
        }
    }
}

/// Accepts connections; dropping this future closes all of them.
async fn accept(listener: TcpListener, record: Arc<Record>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    record.connected();
                    connections.spawn(serve(stream, Arc::clone(&record)));
                }
                // The process may have too many open files; the connection waits in the queue.
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves a connection. Errors are ignored; the client sees them itself.
async fn serve(stream: TcpStream, record: Arc<Record>) {
    let _ = stream.set_nodelay(true);
    let mut socket = Socket::new(stream);
    let mut start = BytesMut::new();
    while start.len() < HTTP2_PREFACE.len() {
        match socket.read(&mut start).await {
            Ok(1..) => {}
            _ => return,
        }
    }
    let is_http2 = start.starts_with(HTTP2_PREFACE);
    socket.unread(start.freeze());
    if is_http2 {
        let _ = http2::serve(socket, record).await;
    } else {
        let _ = http1::Connection::new(socket, record).serve().await;
    }
}
