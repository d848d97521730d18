//! Outputs that record, stop or fail.

use std::{
    io,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender},
    },
};

use battlement_access_log::{Format, Names};
use serde_json::Value;

pub(crate) const JSON: Format = Format::Json(Names::OpenTelemetry);

/// The bytes that an output took, with one entry for each call.
#[derive(Clone, Default)]
pub(crate) struct Calls(pub(crate) Arc<Mutex<Vec<Vec<u8>>>>);

impl Calls {
    /// Returns everything that was written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().concat()).unwrap()
    }

    pub(crate) fn records(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Calls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output whose calls wait for a permit, like a pipe that is not read.
pub(crate) struct Stopped {
    pub(crate) calls: Calls,
    pub(crate) entered: Sender<()>,
    pub(crate) permits: Receiver<()>,
}

impl io::Write for Stopped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.entered.send(()).unwrap();
        // After the test has dropped its end, each call passes.
        let _ = self.permits.recv();
        self.calls.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that does in each call what the next step says.
pub(crate) struct Steps(pub(crate) Calls, pub(crate) std::vec::IntoIter<io::Result<usize>>);

impl io::Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.1.next().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
        assert!(count > 0, "an output may panic");
        self.0.write(&bytes[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that tells when it is dropped.
pub(crate) struct Dropped(pub(crate) Calls, pub(crate) Sender<()>);

impl io::Write for Dropped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.1.send(());
    }
}
