use std::{net::SocketAddr, process::Command, time::Duration};

/// The answer to a probe.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The time from the connection to the last byte.
    pub(crate) took: Duration,
}

/// Asks a probe by curl as the kubelet does: with its agent, on a connection of its own, and for at most a second. There
/// is no answer if the server is gone.
pub(crate) fn probe(addr: SocketAddr, path: &str) -> Option<Answer> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--user-agent", "kube-probe/1.30", "--max-time", "1"])
        .args(["--header", "Accept: */*", "--header", "Connection: close"])
        .args(["--write-out", "\n%{http_code} %{time_total}"])
        .arg(format!("http://{addr}{path}"));
    let output = curl.output().expect("`curl` is installed");
    if !output.status.success() {
        // Timed out: a server that is gone resets or refuses the connection.
        assert_ne!(output.status.code(), Some(28), "{path} was not answered within a second");
        return None;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, numbers) = text.rsplit_once('\n').unwrap();
    let (status, took) = numbers.split_once(' ').unwrap();
    let took = Duration::from_secs_f64(took.parse().unwrap());
    Some(Answer { status: status.parse().unwrap(), body: body.to_owned(), took })
}
