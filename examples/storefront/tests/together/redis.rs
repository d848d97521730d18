//! A `redis-server` on a free port. Dropping the value ends the process.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::running::guard::Guard;

const PINGS: u32 = 4_000;
const BETWEEN_PINGS: Duration = Duration::from_millis(5);

pub struct Redis {
    port: u16,
    process: Child,
    guard: Guard,
}

impl Redis {
    pub fn start() -> Self {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let (process, guard) = spawn(port);
        let redis = Self { port, process, guard };
        redis.answers();
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the server again on the same port.
    pub fn run(&mut self) {
        (self.process, self.guard) = spawn(self.port);
        self.answers();
    }

    fn answers(&self) {
        let answers = || {
            thread::park_timeout(BETWEEN_PINGS);
            self.ping().is_some()
        };
        assert!((0..PINGS).any(|_| answers()), "redis-server does not answer");
    }

    fn ping(&self) -> Option<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.write_all(b"PING\r\n").ok()?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).ok()?;
        (&answer == b"+PONG\r\n").then_some(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16) -> (Child, Guard) {
    let mut redis = Command::new("redis-server");
    redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    Guard::spawn(redis.stdout(Stdio::null()))
        .expect("redis-server: `apt-get install redis-server`, or `brew install redis`")
}
