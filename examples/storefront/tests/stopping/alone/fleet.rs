use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::until;
use crate::{SOON, process::Process, start};

/// The pause of the balancer between two polls.
const INTERVAL: Duration = Duration::from_millis(20);

/// The instances of the shop, as callers and a balancer see them.
#[derive(Default)]
pub struct Fleet {
    /// The instances that were ready at the last poll.
    ready: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    answers: AtomicU64,
    is_over: AtomicBool,
}

impl Fleet {
    /// Starts an instance, and waits until it is ready. From then on, it is polled.
    pub async fn launch(self: &std::sync::Arc<Self>) -> Process {
        // Many times the interval, and longer than callers pause.
        let shop = start(&[("STOREFRONT_SHUTDOWN_DELAY_MS", "500"), ("RUST_LOG", "info")]);
        let (addr, admin) = (shop.addr, shop.admin);
        let fleet = self.clone();
        tokio::spawn(async move {
            while !fleet.is_over() {
                let is_ready = is_ready(admin).await;
                fleet.set(addr, is_ready);
                tokio::time::sleep(INTERVAL).await;
            }
        });
        until(|| self.ready.lock().unwrap().contains(&addr)).await;
        shop
    }

    /// Stops an instance, and returns the number of requests that it has answered by its report.
    pub fn stop(&self, shop: Process) -> u64 {
        shop.terminate();
        let (code, log) = shop.ended_within(SOON);
        assert_eq!(code, Some(0), "{log}");
        let report = log.lines().last().unwrap_or_default();
        let (before, _) = report.rsplit_once(" requests answered").expect(&log);
        before.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Returns the next instance that is ready.
    pub fn pick(&self) -> Option<SocketAddr> {
        let ready = self.ready.lock().unwrap();
        let next = self.next.fetch_add(1, SeqCst);
        ready.get(next % ready.len().max(1)).copied()
    }

    pub fn count(&self) {
        self.answers.fetch_add(1, SeqCst);
    }

    /// Returns the number of answers that callers have read to their end.
    pub fn answers(&self) -> u64 {
        self.answers.load(SeqCst)
    }

    pub async fn answered(&self, number: u64) {
        until(|| self.answers() >= number).await;
    }

    /// Lets the callers finish.
    pub fn end(&self) {
        self.is_over.store(true, SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(SeqCst)
    }

    fn set(&self, addr: SocketAddr, is_ready: bool) {
        let mut ready = self.ready.lock().unwrap();
        ready.retain(|other| *other != addr);
        if is_ready {
            ready.push(addr);
        }
    }
}

async fn is_ready(admin: SocketAddr) -> bool {
    let poll = async {
        let mut stream = TcpStream::connect(admin).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    poll.await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}
