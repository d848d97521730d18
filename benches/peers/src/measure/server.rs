use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr},
    process::{self, Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result};
use axum::Router;
use tokio::net::{TcpListener, TcpStream};

/// The body of every successful response.
pub(crate) const BODY: &str = r#"{"id":"teapot","name":"Teapot","price_cents":3800}"#;
/// The route of every request.
pub(crate) const ROUTE: &str = "/products/{id}";
pub(super) const PATH: &str = "/products/teapot";

/// A server in a process of its own, which runs this program. Dropping this value kills the process.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts this program with `args`, with which it must print the address of its server, as [`serve`] does.
    pub(crate) fn start(args: &[&str]) -> Result<Self> {
        Self::of(Command::new(env::current_exe()?).args(args))
    }

    /// Starts a command that prints the address of its server. Its standard input ends with this process.
    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("the server's output is not piped")?;
        let mut server = Self { addr: (Ipv4Addr::LOCALHOST, 0).into(), process };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        server.addr = line.trim().parse().context("the server did not start")?;
        Ok(server)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the exit, and returns what the process has written to standard error, which the command must pipe.
    pub(crate) fn report(mut self) -> Result<String> {
        let mut errors = self.process.stderr.take().context("standard error is not piped")?;
        let mut report = String::new();
        errors.read_to_string(&mut report)?;
        self.process.wait()?;
        Ok(report)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that the process has already exited.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ends this process when standard input ends: the process that started the server holds the other end of the pipe, and
/// may be killed before it can drop its [`Server`].
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        // An error means that there is no parent to wait for.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        process::exit(0);
    });
}

/// Prints the server's address, and serves until the process is killed or the one that started it has ended.
pub(crate) async fn serve(router: Router) -> Result<()> {
    end_with_parent();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, nodelay), router).await?)
}

fn nodelay(stream: &mut TcpStream) {
    // This fails only on a closed connection, which the next read reports.
    let _ = stream.set_nodelay(true);
}
