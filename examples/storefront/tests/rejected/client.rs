//! A client that sends its next request on the same connection, unless the response says that the server closes it.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Far longer than any response takes.
const PATIENCE: Duration = Duration::from_secs(20);
const HEAD: &str = "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n";

/// Returns a request with a `content-length`.
pub fn sized(bytes: usize) -> Vec<u8> {
    let head = format!("{HEAD}content-length: {bytes}\r\n\r\n");
    [head.into_bytes(), vec![b' '; bytes]].concat()
}

/// Returns a request with a chunked body, whose length is unknown before its end.
pub fn chunked(bytes: usize) -> Vec<u8> {
    const CHUNK: usize = 10_000;
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &[b' '; CHUNK], b"\r\n"].concat();
    let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    [head.as_bytes(), &chunk.repeat(bytes / CHUNK), b"0\r\n\r\n"].concat()
}

pub struct Client {
    /// The number of connections opened so far.
    pub connections: u32,
    server: SocketAddr,
    open: Option<TcpStream>,
}

impl Client {
    pub fn new(server: SocketAddr) -> Self {
        Self { connections: 0, server, open: None }
    }

    /// Sends a request, and returns the status of the response.
    pub fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        // The response may arrive before the whole request is sent, and the server may stop reading: then sending
        // fails, and the response can still be read.
        let sent = stream.write_all(request);
        let (status, is_closed) = read(&stream).map_err(|error| sent.err().unwrap_or(error))?;
        self.open = (!is_closed).then_some(stream);
        Ok(status)
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        self.connections += 1;
        let stream = TcpStream::connect(self.server)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Reads one response to its end, and returns its status and whether it says that the server closes the connection.
fn read(stream: &TcpStream) -> io::Result<(u16, bool)> {
    let mut answer = BufReader::new(stream);
    let (mut status, mut length, mut is_closed) = (None, 0, false);
    loop {
        let mut line = String::new();
        if answer.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("connection", value)) => is_closed = value.contains("close"),
            None if line.is_empty() => break,
            None => status = line.split(' ').nth(1).and_then(|status| status.parse().ok()),
            Some(_) => {}
        }
    }
    answer.read_exact(&mut vec![0; length])?;
    Ok((status.unwrap(), is_closed))
}
