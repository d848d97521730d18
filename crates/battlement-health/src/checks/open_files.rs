use std::io;

use battlement_core::CheckState;

use super::{
    blocking::Blocking,
    usage::{Thresholds, Usage, threshold},
};
use crate::RunCheck;

/// Checks the open file descriptors of the process against its soft limit (`RLIMIT_NOFILE`). Unix only.
///
/// Every connection is a descriptor: a process at its limit can accept none. The check degrades at 90 % and fails at
/// 98 %. Without a limit the check passes, and the reason says so.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// let files = Check::new("open-files", checks::open_files().degrade_at(80));
/// ```
pub fn open_files() -> OpenFiles {
    OpenFiles { thresholds: Thresholds::DEFAULT, reads: Blocking::default() }
}

/// The check of [`open_files`].
#[derive(Debug)]
#[must_use]
pub struct OpenFiles {
    thresholds: Thresholds,
    reads: Blocking<io::Result<Open>>,
}

/// The open descriptors, and their limit if there is one.
#[derive(Debug)]
struct Open {
    count: u64,
    limit: Option<u64>,
}

impl OpenFiles {
    /// Sets the used part, in percent of the limit, from which the check degrades. Default: 90.
    ///
    /// # Panics
    ///
    /// If `percent` is not from 1 to 100.
    pub const fn degrade_at(mut self, percent: u8) -> Self {
        self.thresholds.degrade_at = threshold(percent);
        self
    }

    /// Sets the used part, in percent of the limit, from which the check fails. Default: 98.
    ///
    /// # Panics
    ///
    /// If `percent` is not from 1 to 100.
    pub const fn fail_at(mut self, percent: u8) -> Self {
        self.thresholds.fail_at = threshold(percent);
        self
    }

    fn state(&self, read: io::Result<Open>) -> CheckState {
        match read {
            Ok(Open { count, limit: Some(limit) }) => {
                let usage = Usage { used: count, limit };
                let reason = format!("{count} of {limit} descriptors open ({} %)", usage.percent());
                self.thresholds.state(usage, reason)
            }
            Ok(Open { count, limit: None }) => {
                CheckState::pass(format!("{count} descriptors open, without a limit"))
            }
            // No descriptor is left to read with.
            Err(error) => CheckState::fail(format!("cannot count open descriptors: {error}")),
        }
    }
}

impl RunCheck for OpenFiles {
    async fn run(&self) -> CheckState {
        match self.reads.run(read).await {
            Some(read) => self.state(read),
            None => CheckState::fail("the runtime is shutting down"),
        }
    }
}

#[cfg(unix)]
fn read() -> io::Result<Open> {
    let directory = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let count = std::fs::read_dir(directory)?.count();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // Reading the directory takes a descriptor itself.
    Ok(Open { count: u64::try_from(count).unwrap_or(u64::MAX).saturating_sub(1), limit })
}

#[cfg(not(unix))]
fn read() -> io::Result<Open> {
    Ok(Open { count: 0, limit: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_the_count_and_the_limit_or_that_there_is_none() {
        let open = |count, limit| Ok(Open { count, limit });
        for (read, text) in [
            (open(899, Some(1000)), "pass: 899 of 1000 descriptors open (89 %)"),
            (open(900, Some(1000)), "degraded: 900 of 1000 descriptors open (90 %)"),
            (open(980, Some(1000)), "fail: 980 of 1000 descriptors open (98 %)"),
            (open(7, None), "pass: 7 descriptors open, without a limit"),
            (Err(io::Error::other("none left")), "fail: cannot count open descriptors: none left"),
        ] {
            assert_eq!(open_files().state(read).to_string(), text);
        }
    }
}
