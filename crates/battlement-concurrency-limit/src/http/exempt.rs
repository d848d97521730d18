use std::sync::Arc;

use battlement_core::check_request_path;

/// The paths of requests that do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExemptPaths {
    paths: Arc<[Box<str>]>,
    /// A bit for each length of a path, so that most requests are not compared.
    lengths: u64,
}

/// Probes and metrics, which an overloaded service must answer: a service that fails its probes is restarted, and
/// its load goes to the others.
const DEFAULT: [&str; 9] = [
    "/livez",
    "/readyz",
    "/startupz",
    "/healthz",
    "/health",
    "/metrics",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
];

impl ExemptPaths {
    /// Creates a list of exact paths; an invalid one is returned with the reason.
    pub(crate) fn new<P: Into<Box<str>>>(
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Self, (Box<str>, &'static str)> {
        let paths: Arc<[Box<str>]> = paths.into_iter().map(Into::into).collect();
        for path in &*paths {
            check_request_path(path).map_err(|rule| (path.clone(), rule))?;
        }
        let lengths = paths.iter().fold(0, |lengths, path| lengths | bit(path));
        Ok(Self { paths, lengths })
    }

    #[inline]
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.lengths & bit(path) != 0 && self.find(path)
    }

    #[inline(never)]
    fn find(&self, path: &str) -> bool {
        self.paths.iter().any(|exempt| **exempt == *path)
    }
}

/// Returns the bit of the length of `path`; long paths share the last one.
#[inline]
const fn bit(path: &str) -> u64 {
    let length = path.len();
    1 << (if length < 63 { length } else { 63 })
}

impl Default for ExemptPaths {
    fn default() -> Self {
        Self::new(DEFAULT).expect("the default paths are those of requests")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_paths_of_probes_and_metrics_are_exempt() {
        let exempt = ExemptPaths::default();
        for path in DEFAULT {
            assert!(exempt.contains(path), "{path}");
        }
        for path in ["/", "/orders", "/livez/", "/Livez", "/livez/full", "/metric", "/healthz2"] {
            assert!(!exempt.contains(path), "{path}");
        }
    }

    #[test]
    fn a_long_path_and_no_path_can_be_exempt() {
        let long = format!("/{}", "a".repeat(100));
        let exempt = ExemptPaths::new([long.as_str()]).unwrap();
        assert!(exempt.contains(&long));
        assert!(!exempt.contains(&format!("/{}", "b".repeat(200))));
        assert!(!ExemptPaths::new::<&str>([]).unwrap().contains("/livez"));
        assert_eq!(&*ExemptPaths::new(["/a", "b"]).unwrap_err().0, "b");
    }
}
