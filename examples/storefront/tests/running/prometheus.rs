//! A real Prometheus and its checker. Needs `prometheus` and `promtool`, for example from Debian's package
//! `prometheus`.

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{guard::Guard, send};

const MISSING: &str = "prometheus is missing: apt-get install prometheus";
/// A Prometheus that scrapes one target every second. Dropping the value ends the process.
pub struct Prometheus {
    addr: SocketAddr,
    process: Child,
    _guard: Guard,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    pub fn scraping(target: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
             - {{job_name: storefront, static_configs: [{{targets: ['{target}']}}]}}\n"
        );
        fs::write(&config, text).unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut prometheus = Command::new("prometheus");
        prometheus
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={addr}"))
            .args(["--enable-feature=exemplar-storage", "--log.level=error"])
            .stderr(Stdio::null());
        let (process, guard) = Guard::spawn(&mut prometheus).expect(MISSING);
        Self { addr, process, _guard: guard, _folder: folder }
    }

    /// Repeats a query, for about twenty seconds, until the response contains `wanted`.
    pub fn until(&self, path: &str, wanted: &str) {
        let mut last = Value::Null;
        for _ in 0..200 {
            if TcpStream::connect(self.addr).is_ok() {
                // While Prometheus starts, it responds with a text.
                let answer = send(self.addr, "GET", path, &[], "");
                last = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
            }
            if last.to_string().contains(wanted) {
                return;
            }
            thread_sleep();
        }
        panic!("{path}: no {wanted} in {last:#}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

// Not `expect`, which would warn in a copy of this folder, where no `clippy.toml` bans the function.
#[allow(clippy::disallowed_methods, reason = "a pause between two queries, without a runtime")]
fn thread_sleep() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}

/// Returns the output of `promtool check metrics` for a page in the text format.
pub fn promtool(page: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    promtool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().expect(MISSING);
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}
