use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use h2::{Ping, Reason, SendStream, server::SendResponse};
use http::{HeaderMap, StatusCode};
use tokio::time::{sleep, timeout};

use super::Link;
use crate::upstream::{admission::Exchange, plan::Step};

/// The maximum time for a client to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// The response to a request, which is sent step by step.
pub(super) struct Response<'a> {
    head: SendResponse<Bytes>,
    /// The body, once the head is sent.
    body: Option<SendStream<Bytes>>,
    link: &'a Link,
}

impl<'a> Response<'a> {
    pub(super) const fn new(head: SendResponse<Bytes>, link: &'a Link) -> Self {
        Self { head, body: None, link }
    }

    pub(super) async fn run(
        mut self,
        exchange: &Exchange,
        steps: Vec<Step>,
    ) -> Result<(), h2::Error> {
        let mut steps = steps.into_iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                Step::Wait(time) => {
                    tokio::select! {
                        () = sleep(time) => {}
                        () = self.gone() => return Ok(()),
                    }
                }
                Step::Work => exchange.receipt.processed(),
                Step::Head(status, headers) => {
                    let is_end = steps.next_if(|step| matches!(step, Step::End)).is_some();
                    self.send_head(status, headers, is_end)?;
                }
                Step::Data(data) => self.send_data(data, false)?,
                Step::Trailers(trailers) => self.send_trailers(trailers)?,
                Step::End => self.send_data(Bytes::new(), true)?,
                Step::Cut => {
                    self.read().await;
                    self.send_data(Bytes::new(), true)?;
                }
                Step::ResetStream => {
                    self.read().await;
                    self.head.send_reset(Reason::INTERNAL_ERROR);
                }
                Step::Reset => {
                    self.read().await;
                    self.link.socket.reset_at_end();
                    self.link.end.notify_one();
                }
                Step::Hang => self.gone().await,
            }
        }
        Ok(())
    }

    /// Waits until the client has reset the stream or closed the connection.
    async fn gone(&mut self) {
        // Both results mean that the client is gone.
        let _ = match &mut self.body {
            Some(body) => poll_fn(|cx| body.poll_reset(cx)).await,
            None => poll_fn(|cx| self.head.poll_reset(cx)).await,
        };
    }

    /// Waits until the client has read the data that was sent, since it may discard unread data when it meets an error.
    async fn read(&self) {
        if self.body.is_none() {
            return;
        }
        let mut ping = self.link.ping.lock().await;
        let pings = async {
            // The first ping may be sent before the data, but in the same write of the connection.
            for _ in 0..2 {
                ping.ping(Ping::opaque()).await?;
            }
            Ok::<_, h2::Error>(())
        };
        // An error means that the client is gone.
        let _ = timeout(PING_TIMEOUT, pings).await;
    }

    fn send_head(
        &mut self,
        status: StatusCode,
        headers: HeaderMap,
        is_end: bool,
    ) -> Result<(), h2::Error> {
        let mut response = http::Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        self.body = Some(self.head.send_response(response, is_end)?);
        Ok(())
    }

    fn send_data(&mut self, data: Bytes, is_end: bool) -> Result<(), h2::Error> {
        self.body.as_mut().map_or(Ok(()), |body| body.send_data(data, is_end))
    }

    fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), h2::Error> {
        self.body.as_mut().map_or(Ok(()), |body| body.send_trailers(trailers))
    }
}
