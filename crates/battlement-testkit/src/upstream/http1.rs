mod request;

use std::{fmt::Write as _, io, sync::Arc};

use bytes::BytesMut;
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH};
use tokio::{io::AsyncWriteExt as _, time::sleep};

use super::{
    admission::{Admission, Exchange},
    plan::Step,
    record::Record,
    socket::Socket,
};

/// A connection, implemented by hand because server libraries do not reset or truncate on demand.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    record: Arc<Record>,
    /// Bytes that have been read but not parsed yet.
    buffer: BytesMut,
}

/// The state of a connection after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Closed,
}

/// The encoding of the body of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Length,
    Chunked,
    /// A response to HEAD has no body.
    Omitted,
}

impl Connection {
    pub(super) fn new(socket: Socket, record: Arc<Record>) -> Self {
        Self { socket, record, buffer: BytesMut::new() }
    }

    /// Answers requests until the connection closes.
    pub(super) async fn serve(mut self) -> io::Result<()> {
        while let Some(head) = self.read_head().await? {
            match Admission::of(&head.headers, &self.record) {
                Admission::Refused(_) | Admission::Excluded => {
                    self.read_body(&head).await?;
                    return Ok(());
                }
                Admission::Received(exchange) => {
                    let body = self.read_body(&head).await?;
                    let steps = exchange.plan(body);
                    let state = self.respond(&exchange, steps, head.is_head).await?;
                    if state == State::Closed || head.is_last {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    async fn respond(
        &mut self,
        exchange: &Exchange,
        steps: Vec<Step>,
        is_head: bool,
    ) -> io::Result<State> {
        let mut encoding = Encoding::Omitted;
        for step in steps {
            match step {
                Step::Wait(time) => {
                    tokio::select! {
                        () = sleep(time) => {}
                        () = self.gone() => return Ok(State::Closed),
                    }
                }
                Step::Work => exchange.receipt.processed(),
                Step::Head(status, headers) => {
                    encoding = Encoding::of(&headers, is_head);
                    self.write_head(status, &headers, encoding).await?;
                }
                Step::Data(data) => self.write_data(&data, encoding).await?,
                Step::Trailers(trailers) => self.write_end(&trailers, encoding).await?,
                Step::End => self.write_end(&HeaderMap::new(), encoding).await?,
                Step::Cut => return Ok(State::Closed),
                Step::ResetStream | Step::Reset => {
                    self.socket.reset_at_end();
                    return Ok(State::Closed);
                }
                Step::Hang => {
                    self.gone().await;
                    return Ok(State::Closed);
                }
            }
        }
        Ok(State::Open)
    }

    /// Waits until the client has closed the connection, and keeps the bytes that it sends until then.
    async fn gone(&mut self) {
        while let Ok(1..) = self.socket.read(&mut self.buffer).await {}
    }

    async fn write_head(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        encoding: Encoding,
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status}\r\n{}", fields(headers));
        if encoding == Encoding::Chunked {
            head += "transfer-encoding: chunked\r\n";
        }
        head += "\r\n";
        self.socket.write_all(head.as_bytes()).await
    }

    async fn write_data(&mut self, data: &[u8], encoding: Encoding) -> io::Result<()> {
        match encoding {
            Encoding::Length => self.socket.write_all(data).await,
            // An empty chunk would end the body.
            Encoding::Chunked if !data.is_empty() => {
                let start = format!("{:x}\r\n", data.len());
                self.socket.write_all(&[start.as_bytes(), data, b"\r\n"].concat()).await
            }
            Encoding::Chunked | Encoding::Omitted => Ok(()),
        }
    }

    async fn write_end(&mut self, trailers: &HeaderMap, encoding: Encoding) -> io::Result<()> {
        if encoding == Encoding::Chunked {
            let end = format!("0\r\n{}\r\n", fields(trailers));
            self.socket.write_all(end.as_bytes()).await?;
        }
        Ok(())
    }
}

impl Encoding {
    fn of(headers: &HeaderMap, is_head: bool) -> Self {
        match headers.contains_key(CONTENT_LENGTH) {
            _ if is_head => Self::Omitted,
            true => Self::Length,
            false => Self::Chunked,
        }
    }
}

fn fields(headers: &HeaderMap) -> String {
    headers.iter().fold(String::new(), |mut fields, (name, value)| {
        // Writing to a string never fails.
        let _ = write!(fields, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
        fields
    })
}
