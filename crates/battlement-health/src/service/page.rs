use std::{borrow::Cow, time::Duration};

use crate::{CheckReport, Details, Status};

use super::query::{Query, quoted};

/// The longest reason that is shown, in bytes. The log has all of it.
const LONGEST_REASON: usize = 512;

/// The longest list of names that no check has, in bytes.
const LONGEST_UNKNOWN: usize = 1024;

/// The content of an answer, whatever its format.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// The path without its first slash.
    pub(super) label: &'a str,
    /// The checks, in the order in which they are shown.
    pub(super) checks: &'a [CheckReport],
    pub(super) extent: Extent,
    pub(super) query: &'a Query<'a>,
    pub(super) details: Details,
    pub(super) process: Process,
}

/// The set of checks that a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The checks of one probe.
    Probe,
    /// All checks.
    All,
    /// A single check.
    Check,
}

/// Facts about the process, each of which is shown if it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) version: Option<&'static str>,
    pub(super) uptime: Option<Duration>,
    pub(super) pid: Option<u32>,
    pub(super) draining: Option<bool>,
}

impl Page<'_> {
    /// Returns the worst status of the checks that are not left out.
    pub(super) fn status(&self) -> Status {
        self.counted().map(|check| check.status).max().unwrap_or(Status::Pass)
    }

    /// Returns the checks that are not left out.
    pub(super) fn counted(&self) -> impl Iterator<Item = &CheckReport> {
        self.checks.iter().filter(|check| !self.excludes(check))
    }

    /// Returns whether the caller has asked to leave a check out. A check that has a path of its own is not left out of
    /// that.
    pub(super) fn excludes(&self, check: &CheckReport) -> bool {
        self.extent != Extent::Check && self.query.excludes(&check.name)
    }

    /// Returns the reason of a result if it may be shown and is there, cut to a length that leaves room for others.
    pub(super) fn reason<'a>(&self, check: &'a CheckReport) -> Option<Cow<'a, str>> {
        let reason = check.state.reason();
        (self.details == Details::Full && !reason.is_empty()).then(|| cut(reason))
    }

    /// Returns the names to be left out that no check has, quoted, or `None` if there are none.
    pub(super) fn unknown(&self) -> Option<String> {
        let is_known = |name: &[u8]| self.checks.iter().any(|check| check.name.as_bytes() == name);
        let mut names = self.query.excluded.iter().filter(|name| !is_known(name));
        let mut list = quoted(names.next()?);
        if list.len() > LONGEST_UNKNOWN {
            return Some(format!("{} name(s)", 1 + names.count()));
        }
        while let Some(name) = names.next() {
            let name = quoted(name);
            if list.len() + name.len() >= LONGEST_UNKNOWN {
                list.push_str(&format!(" and {} more", 1 + names.count()));
                break;
            }
            list.push(',');
            list.push_str(&name);
        }
        Some(list)
    }
}

fn cut(reason: &str) -> Cow<'_, str> {
    if reason.len() <= LONGEST_REASON {
        return Cow::Borrowed(reason);
    }
    let end = (0..=LONGEST_REASON).rev().find(|end| reason.is_char_boundary(*end));
    Cow::Owned(format!("{}…", &reason[..end.unwrap_or(0)]))
}

#[cfg(test)]
pub(super) mod tests;
