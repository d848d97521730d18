//! The program as a process, and clients that start to send and then stop.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

#[path = "guard.rs"]
mod guard;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use guard::Guard;

/// Far longer than any awaited event takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program that listens on a free port. Dropping the value ends the process.
pub struct Process {
    pub addr: SocketAddr,
    /// The address of the listener for operators.
    pub admin: SocketAddr,
    child: Child,
    _guard: Guard,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        let name = program.rsplit(['/', '\\']).next().unwrap();
        // Unless a test asks for JSON.
        command.env_clear().env(format!("{}_LOG", name.to_uppercase()), "text");
        command.envs(settings.iter().copied()).stdout(Stdio::piped());
        let (mut child, guard) = Guard::spawn(&mut command).unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { addr, admin: addr, child, _guard: guard, lines };
        process.admin = process.address("metrics are at http://");
        // The program's own line comes after those of services that run inside it.
        process.addr = process.address(&format!("{name} listens on http://"));
        process
    }

    /// Waits for a log line that contains `before`, which is text or JSON, and returns the address after it.
    fn address(&mut self, before: &str) -> SocketAddr {
        let line = self.log_line(before);
        let (_, address) = line.split_once(before).unwrap();
        address.split(['/', '"']).next().unwrap().parse().unwrap()
    }

    /// Waits for a log line that contains `part`.
    pub fn log_line(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(part) => return line,
                Ok(_) => {}
                Err(_) => panic!("no line with {part:?}"),
            }
        }
    }

    /// Sends `bytes` on a connection that stays open until the returned value is dropped.
    pub fn begin(&self, bytes: &[u8]) -> TcpStream {
        begin(self.addr, bytes)
    }

    /// Sends `bytes` to the listener for operators.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn begin_admin(&self, bytes: &[u8]) -> TcpStream {
        begin(self.admin, bytes)
    }

    /// Sends `rest` on the same connection after the response to `request`, so that the server is reading from it.
    pub fn begin_after(&self, request: &[u8], rest: &[u8]) -> TcpStream {
        let mut stream = self.begin(request);
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "closed without a response");
        stream.write_all(rest).unwrap();
        stream
    }

    pub fn terminate(&self) {
        // The `kill` of the shell, since a minimal machine has no such program.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until the process has ended, and returns its exit code and the rest of its log.
    pub fn ended_within(mut self, limit: Duration) -> (Option<i32>, String) {
        let mut log = Vec::new();
        loop {
            match self.lines.recv_timeout(limit) {
                Ok(line) => log.push(line),
                // The log has ended, so the process has ended or is about to.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the process still runs: {log:#?}"),
            }
        }
        (self.child.wait().unwrap().code(), log.join("\n"))
    }
}

fn begin(addr: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
