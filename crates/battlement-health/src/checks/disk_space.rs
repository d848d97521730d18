use std::{io, path::PathBuf};

use battlement_core::CheckState;

use super::{
    blocking::Blocking,
    usage::{Bytes, Thresholds, Usage, threshold},
};
use crate::RunCheck;

/// Checks the free space of the file system that holds `path`, as `df` shows it: the blocks that are reserved for root
/// do not count as free. Unix only.
///
/// The check degrades at 90 % used and fails at 98 %, or if less than 10 MiB are free.
///
/// A network file system can hang. The check then times out, and at most one blocking thread hangs with it; a runtime
/// that is dropped waits for that thread, unless it is shut down with a timeout.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// let disk = Check::new("disk", checks::disk_space("/var/lib/shop").min_free(1 << 30));
/// ```
pub fn disk_space(path: impl Into<PathBuf>) -> DiskSpace {
    DiskSpace {
        path: path.into(),
        thresholds: Thresholds::DEFAULT,
        min_free: 10 << 20,
        reads: Blocking::default(),
    }
}

/// The check of [`disk_space`].
#[derive(Debug)]
#[must_use]
pub struct DiskSpace {
    path: PathBuf,
    thresholds: Thresholds,
    min_free: u64,
    reads: Blocking<io::Result<Usage>>,
}

impl DiskSpace {
    /// Sets the used part, in percent, from which the check degrades. Default: 90.
    ///
    /// # Panics
    ///
    /// If `percent` is not from 1 to 100.
    pub const fn degrade_at(mut self, percent: u8) -> Self {
        self.thresholds.degrade_at = threshold(percent);
        self
    }

    /// Sets the used part, in percent, from which the check fails. Default: 98.
    ///
    /// # Panics
    ///
    /// If `percent` is not from 1 to 100.
    pub const fn fail_at(mut self, percent: u8) -> Self {
        self.thresholds.fail_at = threshold(percent);
        self
    }

    /// Sets the number of free bytes below which the check fails. Default: 10 MiB.
    pub const fn min_free(mut self, bytes: u64) -> Self {
        self.min_free = bytes;
        self
    }

    fn state(&self, read: io::Result<Usage>) -> CheckState {
        let path = self.path.display();
        let usage = match read {
            Ok(usage) => usage,
            Err(error) => return CheckState::fail(format!("cannot read {path}: {error}")),
        };
        let free = usage.limit.saturating_sub(usage.used);
        let percent = usage.percent();
        let reason =
            format!("{} of {} free on {path} ({percent} % used)", Bytes(free), Bytes(usage.limit));
        if free < self.min_free {
            return CheckState::fail(reason);
        }
        self.thresholds.state(usage, reason)
    }
}

impl RunCheck for DiskSpace {
    async fn run(&self) -> CheckState {
        let path = self.path.clone();
        match self.reads.run(move || read(&path)).await {
            Some(read) => self.state(read),
            None => CheckState::fail("the runtime is shutting down"),
        }
    }
}

/// Reads the used space and the space that this user could use in all.
#[cfg(unix)]
fn read(path: &std::path::Path) -> io::Result<Usage> {
    let stat = rustix::fs::statvfs(path)?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree).saturating_mul(stat.f_frsize);
    let available = stat.f_bavail.saturating_mul(stat.f_frsize);
    Ok(Usage { used, limit: used.saturating_add(available) })
}

#[cfg(not(unix))]
fn read(_: &std::path::Path) -> io::Result<Usage> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "free space can be read on Unix only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_scarce_from_each_threshold_on_and_below_the_minimum() {
        const GIB: u64 = 1 << 30;
        let disk = disk_space("/data").min_free(GIB);
        for (used, state) in [
            (89 * GIB, "pass: 11.0 GiB of 100.0 GiB free on /data (89 % used)"),
            (90 * GIB, "degraded: 10.0 GiB of 100.0 GiB free on /data (90 % used)"),
            (98 * GIB, "fail: 2.0 GiB of 100.0 GiB free on /data (98 % used)"),
        ] {
            let read = Ok(Usage { used, limit: 100 * GIB });
            assert_eq!(disk.state(read).to_string(), state);
        }
        let of_ten = |used| disk.state(Ok(Usage { used, limit: 10 * GIB })).as_str();
        let min_free = disk_space("/data").fail_at(100).degrade_at(100).min_free(4 * GIB);
        assert_eq!(of_ten(6 * GIB), "pass");
        let of_ten = |used| min_free.state(Ok(Usage { used, limit: 10 * GIB })).as_str();
        assert_eq!((of_ten(6 * GIB), of_ten(6 * GIB + 1)), ("pass", "fail"));
    }
}
