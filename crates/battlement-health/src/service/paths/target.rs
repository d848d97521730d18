use std::borrow::Cow;

use crate::Probe;

/// The checks that a path shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Target {
    /// The checks of one probe.
    Probe(Probe),
    /// All checks, whatever their probes.
    All,
}

impl Target {
    /// Returns the name of the setter.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Probe(probe) => probe.as_str(),
            Self::All => "all_checks",
        }
    }
}

/// A request for a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) struct Match<'a> {
    pub(in crate::service) target: Target,
    /// The path without its first slash.
    pub(in crate::service) label: &'a str,
    /// The name of the check, of a path that shows only that.
    pub(in crate::service) check: Option<&'a str>,
}

/// The paths, as requests are compared with them.
#[derive(Clone, Debug)]
pub(in crate::service) struct Targets {
    /// A bit for each byte that follows the slash of a path.
    initials: [u64; 4],
    /// The longest path first, so that a path under another one is found before that.
    paths: Box<[(Target, Cow<'static, str>)]>,
}

impl Targets {
    pub(super) fn new(mut paths: Vec<(Target, Cow<'static, str>)>) -> Self {
        paths.sort_by_key(|(_, path)| std::cmp::Reverse(path.len()));
        let mut initials = [0; 4];
        for initial in paths.iter().filter_map(|(_, path)| path.as_bytes().get(1)) {
            initials[usize::from(initial >> 6)] |= 1 << (initial & 63);
        }
        Self { initials, paths: paths.into() }
    }

    /// Returns whether `path` can be one of these or of their checks. Other requests are recognized by a few bytes,
    /// without a comparison of whole paths.
    #[inline]
    pub(in crate::service) fn may_contain(&self, path: &str) -> bool {
        let path = path.as_bytes();
        let has_initial =
            |initial: &u8| self.initials[usize::from(initial >> 6)] >> (initial & 63) & 1 == 1;
        let has_last = |(_, own): &(Target, Cow<'static, str>)| {
            own.len().checked_sub(1).is_some_and(|at| path.get(at) == own.as_bytes().get(at))
        };
        path.get(1).is_some_and(has_initial) && self.paths.iter().any(has_last)
    }

    /// Returns the probe or check that `path` asks for.
    pub(in crate::service) fn find<'a>(&'a self, path: &'a str) -> Option<Match<'a>> {
        self.paths.iter().find_map(|(target, own)| {
            let check = match path.strip_prefix(&**own)? {
                "" => None,
                rest => Some(rest.strip_prefix('/')?),
            };
            Some(Match { target: *target, label: &own[1..], check })
        })
    }
}
