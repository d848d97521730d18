//! A proxy between shop and browser that adds to the page and keeps its headers.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

pub struct Tampering {
    listener: TcpListener,
    shop: SocketAddr,
    injection: &'static str,
    keeps_policy: bool,
}

impl Tampering {
    pub fn with(shop: SocketAddr, injection: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener, shop, injection, keeps_policy: true }
    }

    /// Removes the policy as well, which shows its effect.
    pub fn without_policy(mut self) -> Self {
        self.keeps_policy = false;
        self
    }

    /// Starts the proxy, which runs until the tests end, and returns its address.
    pub fn addr(self) -> SocketAddr {
        let addr = self.listener.local_addr().unwrap();
        thread::spawn(move || {
            let tampering = &self;
            thread::scope(|scope| {
                for browser in self.listener.incoming().map_while(Result::ok) {
                    // A connection that the browser opens and does not use may fail.
                    scope.spawn(move || tampering.pass(browser).ok());
                }
            });
        });
        addr
    }

    fn pass(&self, mut browser: TcpStream) -> std::io::Result<()> {
        let mut request = BufReader::new(&browser);
        let mut head = String::new();
        while request.read_line(&mut head)? > 2 {}
        let mut shop = TcpStream::connect(self.shop)?;
        shop.write_all(head.replacen("keep-alive", "close", 1).as_bytes())?;
        let mut answer = Vec::new();
        shop.read_to_end(&mut answer)?;
        browser.write_all(self.tampered(&String::from_utf8_lossy(&answer)).as_bytes())
    }

    fn tampered(&self, answer: &str) -> String {
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            return answer.to_owned();
        };
        let body = body.replace("</body>", &format!("{}</body>", self.injection));
        let kept = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default();
            let policy = name.eq_ignore_ascii_case("content-security-policy");
            !name.eq_ignore_ascii_case("content-length") && (self.keeps_policy || !policy)
        };
        let head: Vec<_> = head.lines().filter(kept).collect();
        format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len())
    }
}
