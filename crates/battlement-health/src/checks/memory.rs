mod cgroup;
mod mounts;

use std::{io, path::Path};

use battlement_core::CheckState;

use super::{
    blocking::Blocking,
    usage::{Bytes, Thresholds, Usage, threshold},
};
use crate::RunCheck;

/// Checks the memory of the process's cgroup against its limit, on Linux.
///
/// The used memory is the working set, as the kubelet counts it: the usage without the page cache that the kernel can
/// drop (`inactive_file`). If nested cgroups have limits, the fullest one counts, because the kernel kills at any of
/// these limits. cgroup v1 and v2 are supported. Without a limit, the check passes and the reason says so.
///
/// The check degrades at 90 % and fails at 98 %. If the files of the cgroup cannot be read, it degrades.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// let memory = Check::new("memory", checks::memory().degrade_at(85));
/// ```
pub fn memory() -> Memory {
    Memory { thresholds: Thresholds::DEFAULT, reads: Blocking::default() }
}

/// The check of [`memory`].
#[derive(Debug)]
#[must_use]
pub struct Memory {
    thresholds: Thresholds,
    reads: Blocking<io::Result<Option<Usage>>>,
}

impl Memory {
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

    fn state(&self, read: io::Result<Option<Usage>>) -> CheckState {
        match read {
            Ok(Some(usage)) => self.thresholds.state(usage, reason(usage)),
            Ok(None) => CheckState::pass("the cgroup has no memory limit"),
            Err(error) => CheckState::degraded(format!("cannot read the cgroup: {error}")),
        }
    }
}

impl RunCheck for Memory {
    async fn run(&self) -> CheckState {
        match self.reads.run(|| cgroup::read(Path::new("/"))).await {
            Some(read) => self.state(read),
            None => CheckState::fail("the runtime is shutting down"),
        }
    }
}

fn reason(usage: Usage) -> String {
    let (used, limit) = (Bytes(usage.used), Bytes(usage.limit));
    format!("working set is {used} of {limit} ({} %)", usage.percent())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_the_working_set_and_the_limit_or_that_there_is_none() {
        const MIB: u64 = 1 << 20;
        let memory = memory().degrade_at(50).fail_at(75);
        let usage = |used| Ok(Some(Usage { used, limit: 1024 * MIB }));
        for (read, text) in [
            (usage(511 * MIB), "pass: working set is 511.0 MiB of 1.0 GiB (49 %)"),
            (usage(512 * MIB), "degraded: working set is 512.0 MiB of 1.0 GiB (50 %)"),
            (usage(768 * MIB), "fail: working set is 768.0 MiB of 1.0 GiB (75 %)"),
            (Ok(None), "pass: the cgroup has no memory limit"),
            (Err(io::Error::other("broken")), "degraded: cannot read the cgroup: broken"),
        ] {
            assert_eq!(memory.state(read).to_string(), text);
        }
    }
}
