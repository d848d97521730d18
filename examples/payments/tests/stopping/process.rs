//! The program as a process, and clients that begin to send and then fall silent.
//!
//! The same file stands in each of the examples, so that each can be copied alone.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// Far more than anything takes that is waited for, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program, which listens on a free port. It ends with this value.
pub struct Process {
    pub addr: SocketAddr,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        let mut child = command
            .env_clear()
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { addr, child, lines };
        // The program's own line comes after those of services that run inside of it.
        let name = program.rsplit(['/', '\\']).next().unwrap();
        let line = process.log_line(&format!("{name} listens on http://"));
        process.addr = line.rsplit_once("http://").unwrap().1.parse().unwrap();
        process
    }

    /// Waits for a line of the log that has this part.
    pub fn log_line(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(part) => return line,
                Ok(_) => {}
                Err(_) => panic!("no line with {part:?}"),
            }
        }
    }

    /// Sends these bytes on a connection that stays open as long as the value lives.
    pub fn begin(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    /// Sends `rest` on the same connection once the server has answered `request`, so that it surely reads it.
    pub fn begin_after(&self, request: &[u8], rest: &[u8]) -> TcpStream {
        let mut stream = self.begin(request);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "closed without an answer");
        stream.write_all(rest).unwrap();
        stream
    }

    pub fn terminate(&self) {
        // The shell's own `kill`: a bare machine has no program of that name.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until the process has ended, and returns its exit code and the rest of its log.
    pub fn ended_within(mut self, limit: Duration) -> (Option<i32>, String) {
        let mut log = Vec::new();
        loop {
            match self.lines.recv_timeout(limit) {
                Ok(line) => log.push(line),
                // Its log has ended, so it has, or is about to.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it still runs: {log:#?}"),
            }
        }
        (self.child.wait().unwrap().code(), log.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It fails where the process has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
