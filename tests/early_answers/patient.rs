use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};

/// A request body of this size, framed by `content-length` or in chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upload {
    Sized(usize),
    Chunked(usize),
}

/// A client that keeps its connection until the server announces that it closes, and never retries a request.
#[derive(Debug)]
pub(crate) struct Patient {
    addr: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    /// The number of connections opened.
    pub(crate) connections: usize,
}

/// The head of a response.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
}

impl Patient {
    pub(crate) const fn new(addr: SocketAddr) -> Self {
        Self { addr, stream: None, connections: 0 }
    }

    /// Sends one POST request and reads its whole response.
    pub(crate) fn post(&mut self, upload: Upload, headers: &str) -> io::Result<Head> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        // If the server closes early, the write fails, and the response may still arrive.
        let sent = stream.get_mut().write_all(&upload.request(headers));
        let head = read(&mut stream).map_err(|error| sent.err().unwrap_or(error))?;
        if head.headers.get("connection").is_none_or(|value| value != "close") {
            self.stream = Some(stream);
        }
        Ok(head)
    }

    fn connect(&mut self) -> io::Result<BufReader<TcpStream>> {
        self.connections += 1;
        let stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        Ok(BufReader::new(stream))
    }
}

impl Upload {
    fn request(self, headers: &str) -> Vec<u8> {
        let (framing, body) = match self {
            Self::Sized(bytes) => (format!("content-length: {bytes}"), vec![b'x'; bytes]),
            Self::Chunked(bytes) => ("transfer-encoding: chunked".to_owned(), chunks(bytes)),
        };
        let head = format!("POST / HTTP/1.1\r\nhost: shop\r\n{headers}{framing}\r\n\r\n");
        [head.into_bytes(), body].concat()
    }
}

fn chunks(bytes: usize) -> Vec<u8> {
    const CHUNK: usize = 4096;
    let mut body = Vec::new();
    for at in (0..bytes).step_by(CHUNK) {
        let len = CHUNK.min(bytes - at);
        body.extend(format!("{len:x}\r\n{}\r\n", "x".repeat(len)).into_bytes());
    }
    body.extend(b"0\r\n\r\n");
    body
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Head> {
    let status = line(stream)?;
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let mut headers = HeaderMap::new();
    loop {
        let line = line(stream)?;
        let Some((name, value)) = line.split_once(": ") else { break };
        let name: HeaderName = name.parse().map_err(io::Error::other)?;
        headers.append(name, HeaderValue::from_str(value).map_err(io::Error::other)?);
    }
    let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Head { status, headers })
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
