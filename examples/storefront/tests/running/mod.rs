//! The real program in a process of its own: its log, and a client that can send arbitrary bytes.

#[allow(dead_code, reason = "not every test needs it")]
pub mod call;
#[path = "../stopping/guard.rs"]
pub mod guard;
pub mod prometheus;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use guard::Guard;

/// Far longer than any awaited event takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running storefront on a free port. Dropping the value ends the process.
pub struct Storefront {
    pub addr: SocketAddr,
    /// The address of the listener for operators.
    pub admin: SocketAddr,
    process: Child,
    _guard: Guard,
    lines: Receiver<String>,
    log: Vec<String>,
}

/// A response: the parts that tests check, and all of its bytes.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub raw: Vec<u8>,
    head: String,
}

fn program(settings: &[(&str, &str)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_storefront"));
    // Unless a test asks for JSON.
    program.env_clear().env("STOREFRONT_LOG", "text");
    // A machine that is busy with other tests may be slow; a test of the time limits sets its own.
    program.env("STOREFRONT_UPSTREAM_TIMEOUT_MS", "20000");
    program.env("STOREFRONT_DEADLINE_MS", "20000");
    // An attempt must not have more time than its call.
    if settings.iter().all(|(name, _)| *name != "STOREFRONT_UPSTREAM_TIMEOUT_MS") {
        program.env("STOREFRONT_TRY_TIMEOUT_MS", "20000");
    }
    program.envs(settings.iter().copied());
    program
}

/// Runs the storefront until it ends by itself.
pub fn run(settings: &[(&str, &str)]) -> Output {
    program(settings).output().unwrap()
}

impl Storefront {
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let mut program = program(settings);
        program.env("STOREFRONT_ADDR", "127.0.0.1:0").env("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0");
        program.stdout(Stdio::piped());
        let (mut process, guard) = Guard::spawn(&mut program).unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let (admin, log) = (addr, Vec::new());
        let mut storefront = Self { addr, admin, process, _guard: guard, lines, log };
        storefront.admin = storefront.address("metrics are at http://");
        storefront.addr = storefront.address("storefront listens on http://");
        storefront
    }

    /// Returns the address after `before` in a log line, which is text or JSON.
    fn address(&mut self, before: &str) -> SocketAddr {
        let line = self.log_line(&[before]);
        let (_, address) = line.split_once(before).unwrap();
        address.split(['/', '"']).next().unwrap().parse().unwrap()
    }

    /// Waits for a log line that contains all `parts`.
    pub fn log_line(&mut self, parts: &[&str]) -> String {
        let wanted = |line: &&String| parts.iter().all(|part| line.contains(part));
        loop {
            if let Some(line) = self.log.iter().find(wanted) {
                return line.clone();
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.log.push(line),
                Err(_) => panic!("no line with {parts:?} in {:#?}", self.log),
            }
        }
    }

    /// Returns the log up to now.
    #[allow(dead_code, reason = "not every test needs it")]
    pub fn log(&mut self) -> String {
        self.log.extend(self.lines.try_iter());
        self.log.join("\n")
    }

    pub fn terminate(&self) {
        // The `kill` of the shell, since a minimal machine has no such program.
        let kill = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until the process has ended by itself, and returns its whole log.
    pub fn ended(mut self) -> (ExitStatus, String) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.log.push(line);
        }
        // The log has ended, so the process has ended or is about to.
        (self.process.wait().unwrap(), self.log.join("\n"))
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        send(self.addr, "GET", path, &[], "")
    }

    /// Returns the page for Prometheus in the text format.
    pub fn metrics(&self) -> String {
        send(self.admin, "GET", "/metrics", &[], "").body
    }

    /// Returns the page once it contains `sample`: a request is recorded after the last byte of its response.
    pub fn metrics_with(&self, sample: &str) -> String {
        let mut pages = (0..10_000).map(|_| self.metrics());
        let page = pages.find(|page| page.contains(sample));
        page.unwrap_or_else(|| panic!("{sample} is missing: {}", self.metrics()))
    }

    pub fn order(&self, id: &[u8], body: &str) -> Answer {
        send(self.addr, "POST", "/orders", id, body)
    }
}

impl Drop for Storefront {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request, and reads the whole response.
pub fn send(addr: SocketAddr, method: &str, path: &str, id: &[u8], body: &str) -> Answer {
    let mut stream = begin(addr, method, path, id, body);
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    Answer::parse(raw)
}

/// Sends a request whose `x-request-id` is `id`, or that has none if `id` is empty.
pub fn begin(addr: SocketAddr, method: &str, path: &str, id: &[u8], body: &str) -> TcpStream {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: shop\r\n").into_bytes();
    request.extend_from_slice(b"connection: close\r\ncontent-type: application/json\r\n");
    if !id.is_empty() {
        request.extend_from_slice(&[b"x-request-id: ", id, b"\r\n"].concat());
    }
    let length = body.len();
    request.extend_from_slice(format!("content-length: {length}\r\n\r\n{body}").as_bytes());

    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request).unwrap();
    stream
}

impl Answer {
    fn parse(raw: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&raw);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, body: body.to_owned(), head: head.to_owned(), raw }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn id(&self) -> &str {
        self.header("x-request-id").expect("every response has an id")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
