use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::fleet::Fleet;

/// The pause of a caller before its next request on a connection.
const THINK: Duration = Duration::from_millis(2);

/// A client that never sends a request again.
pub struct Caller {
    fleet: Arc<Fleet>,
    keeps_alive: bool,
}

impl Caller {
    pub fn new(fleet: &Arc<Fleet>, keeps_alive: bool) -> Self {
        Self { fleet: fleet.clone(), keeps_alive }
    }

    /// Sends requests until the load is over, and returns the errors.
    pub async fn run(self) -> Vec<String> {
        let mut errors = Vec::new();
        while !self.fleet.is_over() {
            if let Err(error) = self.connection().await {
                errors.push(error.to_string());
            }
        }
        errors
    }

    /// Sends requests on one connection, until an answer announces its end.
    async fn connection(&self) -> std::io::Result<()> {
        let instance = self.fleet.pick().expect("an instance is ready at any time");
        let mut stream = TcpStream::connect(instance).await?;
        let request: &[u8] = if self.keeps_alive {
            b"GET /products HTTP/1.1\r\nhost: shop\r\n\r\n"
        } else {
            b"GET /products HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n"
        };
        loop {
            stream.write_all(request).await?;
            let head = answer(&mut stream).await?;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            self.fleet.count();
            if head.contains("\r\nconnection: close\r\n") || self.fleet.is_over() {
                return Ok(());
            }
            tokio::time::sleep(THINK).await;
        }
    }
}

/// Reads an answer to its end, and returns its head.
async fn answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut received = Vec::new();
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&received);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let (_, length) = head.split_once("\r\ncontent-length: ").expect("the length is known");
        let length: usize = length.lines().next().unwrap_or_default().parse().unwrap();
        if body.len() == length {
            return Ok(format!("{head}\r\n"));
        }
    }
}
