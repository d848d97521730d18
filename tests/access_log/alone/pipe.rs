//! A named pipe whose reader a test can stop.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
};

/// A named pipe in a folder of its own, with a thread that reads it.
pub(super) struct Pipe {
    folder: tempfile::TempDir,
    gate: Arc<Gate>,
    reader: JoinHandle<Vec<u8>>,
}

/// Tells the reader whether to read.
#[derive(Default)]
struct Gate {
    is_stopped: Mutex<bool>,
    changed: Condvar,
}

impl Pipe {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let gate = Arc::<Gate>::default();
        let reading = Arc::clone(&gate);
        let reader = thread::spawn(move || read(&path, &reading));
        Self { folder, gate, reader }
    }

    pub(super) fn path(&self) -> PathBuf {
        path(self.folder.path())
    }

    /// Stops the reader before its next call, or lets it read on.
    pub(super) fn stop(&self, is_stopped: bool) {
        *self.gate.is_stopped.lock().unwrap() = is_stopped;
        self.gate.changed.notify_all();
    }

    /// Returns everything that was written, after the last writer has closed the pipe.
    pub(super) fn finish(self) -> String {
        String::from_utf8(self.reader.join().unwrap()).unwrap()
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("stdout")
}

fn read(path: &Path, gate: &Gate) -> Vec<u8> {
    let (mut file, mut all, mut chunk) = (File::open(path).unwrap(), Vec::new(), [0; 4_096]);
    loop {
        let stopped = gate.is_stopped.lock().unwrap();
        drop(gate.changed.wait_while(stopped, |is_stopped| *is_stopped).unwrap());
        match file.read(&mut chunk).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&chunk[..count]),
        }
    }
}
