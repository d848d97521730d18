use std::{fs, io, path::Path};

use super::mounts::{Hierarchy, Version};
use crate::checks::usage::Usage;

/// The least limit of version 1 that means none: the kernel writes the largest multiple of its page size in 63 bits.
const UNLIMITED: u64 = 1 << 62;

/// The files of a cgroup.
struct Files {
    limit: &'static str,
    usage: &'static str,
    /// The key in `memory.stat` of the page cache that can be dropped, with that of all descendants.
    inactive: &'static str,
}

impl Version {
    const fn files(self) -> Files {
        match self {
            Self::V1 => Files {
                limit: "memory.limit_in_bytes",
                usage: "memory.usage_in_bytes",
                inactive: "total_inactive_file",
            },
            Self::V2 => {
                Files { limit: "memory.max", usage: "memory.current", inactive: "inactive_file" }
            }
        }
    }
}

/// Reads the working set and the limit of the fullest cgroup with a limit, from the process's own up to the mount
/// point. `None` if there is no limit, or no cgroup with memory. `root` is the root of the file system.
pub(super) fn read(root: &Path) -> io::Result<Option<Usage>> {
    let text = |path: &str| optional(&root.join(path)).map(Option::unwrap_or_default);
    let (cgroup, mounts) = (text("proc/self/cgroup")?, text("proc/self/mountinfo")?);
    let Some(Hierarchy { version, top, leaf }) = Hierarchy::find(&cgroup, &mounts) else {
        return Ok(None);
    };
    let mut fullest: Option<Usage> = None;
    for level in leaf.ancestors().take_while(|level| level.starts_with(&top)) {
        let directory = root.join(level.strip_prefix("/").unwrap_or(level));
        if let Some(usage) = read_level(&directory, &version.files())?
            && fullest.is_none_or(|fullest| usage.is_fuller_than(fullest))
        {
            fullest = Some(usage);
        }
    }
    Ok(fullest)
}

/// Reads one cgroup. `None` if it has no limit, or if its parent has not enabled the controller.
fn read_level(directory: &Path, files: &Files) -> io::Result<Option<Usage>> {
    let Some(limit) = optional(&directory.join(files.limit))? else {
        return Ok(None);
    };
    let limit = match limit.trim_ascii() {
        "max" => return Ok(None),
        limit => number(files.limit, limit)?,
    };
    if limit >= UNLIMITED {
        return Ok(None);
    }
    // The cgroup may be removed in between, by a service manager.
    let Some(usage) = optional(&directory.join(files.usage))? else {
        return Ok(None);
    };
    let usage = number(files.usage, usage.trim_ascii())?;
    let inactive = match optional(&directory.join("memory.stat"))? {
        Some(stat) => inactive(&stat, files.inactive)?,
        None => 0,
    };
    Ok(Some(Usage { used: usage.saturating_sub(inactive), limit }))
}

/// Returns the value of a key in `memory.stat`, and 0 without the key, as the kubelet does.
fn inactive(stat: &str, key: &str) -> io::Result<u64> {
    let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(name, _)| *name == key).map_or(Ok(0), |(_, value)| number("memory.stat", value))
}

/// Reads a file, which may be missing.
fn optional(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}

fn number(file: &str, value: &str) -> io::Result<u64> {
    value.parse().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("`{file}` is not a number of bytes"))
    })
}

#[cfg(test)]
mod tests;
