use std::{
    io::{BufRead as _, BufReader, Read},
    process::{ChildStderr, ChildStdout},
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use super::WaitError;

type Lines = Vec<String>;

/// The lines that a program has written, read by threads so that the program never waits for its reader.
#[derive(Debug)]
pub(super) struct Log {
    lines: watch::Receiver<Lines>,
}

impl Log {
    pub(super) fn read(stdout: Option<ChildStdout>, stderr: Option<ChildStderr>) -> Self {
        let (sender, lines) = watch::channel(Lines::new());
        let sender = Arc::new(sender);
        if let Some(stdout) = stdout {
            spawn_reader(stdout, Arc::clone(&sender));
        }
        if let Some(stderr) = stderr {
            spawn_reader(stderr, sender);
        }
        Self { lines }
    }

    pub(super) fn text(&self) -> String {
        self.lines.borrow().join("\n")
    }

    pub(super) async fn line(&self, part: &str, within: Duration) -> Result<String, WaitError> {
        let mut lines = self.lines.clone();
        let find = |lines: &Lines| lines.iter().find(|line| line.contains(part)).cloned();
        let found = timeout(within, lines.wait_for(|lines| find(lines).is_some())).await;
        match found {
            Ok(Ok(lines)) => Ok(find(&lines).unwrap_or_default()),
            _ => Err(WaitError::line(part, self.text())),
        }
    }

    /// Waits until all outputs have ended.
    pub(super) async fn ended(&self, within: Duration) {
        let mut lines = self.lines.clone();
        let ended = async { while lines.changed().await.is_ok() {} };
        // A process outside of the process group may keep an output open.
        let _ = timeout(within, ended).await;
    }
}

fn spawn_reader(output: impl Read + Send + 'static, sender: Arc<watch::Sender<Lines>>) {
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            sender.send_modify(|lines| lines.push(line));
        }
    });
}
