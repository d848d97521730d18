use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING},
};
use httparse::{EMPTY_HEADER, Request, Status};
use tokio::io::AsyncWriteExt as _;

use super::Connection;

const MAX_HEADERS: usize = 100;
const LINE_END: usize = 2;

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) headers: HeaderMap,
    /// Whether the method is HEAD.
    pub(super) is_head: bool,
    /// Whether the client closes the connection after the response.
    pub(super) is_last: bool,
}

impl Connection {
    /// Returns the next request, or `None` if the connection has ended.
    pub(super) async fn read_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some((length, head)) = parse(&self.buffer)? {
                self.buffer.advance(length);
                return Ok(Some(head));
            }
            if self.socket.read(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    pub(super) async fn read_body(&mut self, head: &Head) -> io::Result<Bytes> {
        if head.headers.contains_key(EXPECT) {
            self.socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        if head.headers.contains_key(TRANSFER_ENCODING) {
            return self.read_chunks().await;
        }
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let length = length.map_or(Ok(0), str::parse).map_err(invalid)?;
        self.read_exact(length).await.map(BytesMut::freeze)
    }

    async fn read_chunks(&mut self) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let size =
                match httparse::parse_chunk_size(&self.buffer).map_err(|_| invalid("chunk"))? {
                    Status::Complete((length, size)) => {
                        self.buffer.advance(length);
                        usize::try_from(size).map_err(invalid)?
                    }
                    Status::Partial => {
                        self.read_more().await?;
                        continue;
                    }
                };
            // Request trailers are not supported: an empty line follows the last chunk.
            let chunk = self.read_exact(size + LINE_END).await?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return Ok(body.freeze());
            }
        }
    }

    async fn read_exact(&mut self, length: usize) -> io::Result<BytesMut> {
        while self.buffer.len() < length {
            self.read_more().await?;
        }
        Ok(self.buffer.split_to(length))
    }

    async fn read_more(&mut self) -> io::Result<()> {
        match self.socket.read(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn parse(buffer: &[u8]) -> io::Result<Option<(usize, Head)>> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    let Status::Complete(length) = request.parse(buffer).map_err(invalid)? else {
        return Ok(None);
    };
    let is_head = request.method == Some(Method::HEAD.as_str());
    let headers = request.headers.iter().map(|field| {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(invalid)?;
        Ok((name, HeaderValue::from_bytes(field.value).map_err(invalid)?))
    });
    let headers: HeaderMap = headers.collect::<io::Result<_>>()?;
    let is_last = headers.get(CONNECTION).is_some_and(|value| value == "close");
    Ok(Some((length, Head { headers, is_head, is_last })))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
