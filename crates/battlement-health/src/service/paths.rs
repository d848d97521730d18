use std::borrow::Cow;

use battlement_core::{ConfigError, InvalidField, check_request_path};

use crate::Probe;

mod target;

pub(super) use self::target::{Match, Target, Targets};

/// The paths of the probes. Each check of a probe also has a path of its own, under that of the probe:
/// `/readyz/redis`.
///
/// The default paths are `/livez`, `/readyz` and `/healthz`, which the Kubernetes API server has as well, `/startupz`,
/// and `/health` with all checks. `/healthz` is an alias of `/livez`.
///
/// # Example
///
/// ```
/// use battlement_health::{Paths, Probe};
///
/// let paths = Paths::default().live("/alive").also(Probe::Ready, "/ready");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths(Vec<(Target, Cow<'static, str>)>);

impl Paths {
    /// Creates a set without paths.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Creates the paths that services in Node often have, in addition to the default ones: `/health/live`,
    /// `/health/ready`, `/health/startup` and `/ready`.
    ///
    /// `/health/live` is then the probe: a check named `live` is listed in `/health`, and has no path of its own there.
    #[must_use]
    pub fn node() -> Self {
        Self::default()
            .also(Probe::Live, "/health/live")
            .also(Probe::Ready, "/health/ready")
            .also(Probe::Ready, "/ready")
            .also(Probe::Startup, "/health/startup")
    }

    /// Creates the paths of Spring Boot's actuator: `/actuator/health` with all checks, `/actuator/health/liveness`,
    /// `/actuator/health/readiness`, and the `/livez` and `/readyz` that it adds for Kubernetes.
    ///
    /// [`Format::Spring`](crate::Format::Spring) is the format that belongs to them.
    #[must_use]
    pub fn spring() -> Self {
        Self::public()
            .also(Probe::Live, "/actuator/health/liveness")
            .also(Probe::Ready, "/actuator/health/readiness")
            .all_checks("/actuator/health")
    }

    /// Creates the paths of MicroProfile Health: `/health` with all checks, `/health/live`, `/health/ready` and
    /// `/health/started`.
    ///
    /// [`Format::MicroProfile`](crate::Format::MicroProfile) is the format that belongs to them.
    #[must_use]
    pub fn microprofile() -> Self {
        let paths = Self::new().live("/health/live").ready("/health/ready");
        paths.startup("/health/started").all_checks("/health")
    }

    /// Creates the paths that a public router answers: `/livez` and `/readyz`.
    pub(super) fn public() -> Self {
        Self::new().live("/livez").ready("/readyz")
    }

    /// Sets the path of liveness, and removes its other paths.
    #[must_use]
    pub fn live(self, path: impl Into<Cow<'static, str>>) -> Self {
        self.replace(Target::Probe(Probe::Live), path.into())
    }

    /// Sets the path of readiness, and removes its other paths.
    #[must_use]
    pub fn ready(self, path: impl Into<Cow<'static, str>>) -> Self {
        self.replace(Target::Probe(Probe::Ready), path.into())
    }

    /// Sets the path of startup, and removes its other paths.
    #[must_use]
    pub fn startup(self, path: impl Into<Cow<'static, str>>) -> Self {
        self.replace(Target::Probe(Probe::Startup), path.into())
    }

    /// Sets the path that shows all checks, whatever their probes, and removes the other paths of all checks. The
    /// answer is health+json for a caller that does not ask for a format.
    #[must_use]
    pub fn all_checks(self, path: impl Into<Cow<'static, str>>) -> Self {
        self.replace(Target::All, path.into())
    }

    /// Adds a path of `probe`.
    #[must_use]
    pub fn also(mut self, probe: Probe, path: impl Into<Cow<'static, str>>) -> Self {
        self.0.push((Target::Probe(probe), path.into()));
        self
    }

    /// Returns the paths as requests are compared with them.
    ///
    /// # Errors
    ///
    /// With every invalid path and every duplicate, and if there is no path.
    pub(super) fn targets(self) -> Result<Targets, ConfigError> {
        ConfigError::check("health paths", self.invalid_fields(), ())?;
        Ok(self.into_preset())
    }

    /// Returns the paths of a preset, which are valid.
    pub(super) fn into_preset(self) -> Targets {
        Targets::new(self.0)
    }

    fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        if self.0.is_empty() {
            invalid.push(InvalidField::new("paths", "must contain at least one path"));
        }
        for (at, (target, path)) in self.0.iter().enumerate() {
            let mut refuse = |message: String| {
                invalid.push(InvalidField::new(target.as_str(), format!("{path:?} {message}")));
            };
            match check_request_path(path) {
                Err(rule) => refuse(rule.to_owned()),
                Ok(()) if path.ends_with('/') => refuse("must not end with a slash".to_owned()),
                Ok(()) => {}
            }
            if let Some((other, _)) = self.0[..at].iter().find(|(_, earlier)| earlier == path) {
                let other = other.as_str();
                refuse(format!("is also a path of `{other}`; every path must be different"));
            }
        }
        invalid
    }

    fn replace(mut self, target: Target, path: Cow<'static, str>) -> Self {
        self.0.retain(|(existing, _)| *existing != target);
        self.0.push((target, path));
        self
    }
}

impl Default for Paths {
    fn default() -> Self {
        let paths = Self::public().startup("/startupz");
        paths.also(Probe::Live, "/healthz").all_checks("/health")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Target = Target::Probe(Probe::Live);
    const READY: Target = Target::Probe(Probe::Ready);
    const STARTUP: Target = Target::Probe(Probe::Startup);

    fn found<'a>(
        targets: &'a Targets,
        path: &'a str,
    ) -> Option<(Target, &'a str, Option<&'a str>)> {
        targets.find(path).map(|found| (found.target, found.label, found.check))
    }

    #[test]
    fn the_default_paths_are_those_of_the_api_server_and_one_for_all_checks() {
        let targets = Paths::default().targets().unwrap();
        for (path, target, label) in [
            ("/livez", LIVE, "livez"),
            ("/healthz", LIVE, "healthz"),
            ("/readyz", READY, "readyz"),
            ("/startupz", STARTUP, "startupz"),
            ("/health", Target::All, "health"),
        ] {
            assert_eq!(found(&targets, path), Some((target, label, None)), "{path}");
            let check = format!("{path}/redis");
            assert_eq!(found(&targets, &check), Some((target, label, Some("redis"))), "{check}");
        }
        for path in ["/", "/live", "/livezz", "/livez2/redis", "/LIVEZ", "/health/live/redis"] {
            let is_check = path == "/health/live/redis";
            assert_eq!(found(&targets, path).is_some(), is_check, "{path}");
        }
    }

    #[test]
    fn a_public_router_answers_two_probes_and_their_checks() {
        let targets = Paths::public().targets().unwrap();
        assert_eq!(found(&targets, "/readyz/redis"), Some((READY, "readyz", Some("redis"))));
        for path in ["/health", "/healthz", "/startupz", "/ready", "/l", "/r", ""] {
            assert_eq!(found(&targets, path), None, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_told_apart_by_its_bytes_is_not_one_of_these() {
        let paths = [Paths::public(), Paths::node(), Paths::spring(), Paths::microprofile()];
        for targets in paths.map(|paths| paths.targets().unwrap()) {
            for own in ["/livez", "/ready", "/readyz/redis", "/health/live", "/actuator/health"] {
                let is_own = targets.find(own).is_some();
                assert!(!is_own || targets.may_contain(own), "{own}");
            }
        }
        let targets = Paths::public().targets().unwrap();
        // The last two differ from `/livez` in their first letter, or in the byte at the place of its last one.
        for other in ["", "/", "*", "/orders", "/-", "/l", "/live", "/lists", "/oooooz", "/livek"] {
            assert!(!targets.may_contain(other), "{other}");
        }
        for alike in ["/l...z", "/livez", "/readyz", "/livez/redis", "/readyzz"] {
            assert!(targets.may_contain(alike), "{alike}");
        }
    }

    #[test]
    fn the_probes_of_node_come_before_checks_of_their_names() {
        let targets = Paths::node().targets().unwrap();
        for (path, expected) in [
            ("/health/live", (LIVE, "health/live", None)),
            ("/health/ready", (READY, "health/ready", None)),
            ("/health/startup", (STARTUP, "health/startup", None)),
            ("/health", (Target::All, "health", None)),
            ("/ready", (READY, "ready", None)),
            ("/health/live/redis", (LIVE, "health/live", Some("redis"))),
            ("/health/redis", (Target::All, "health", Some("redis"))),
            ("/livez", (LIVE, "livez", None)),
        ] {
            assert_eq!(found(&targets, path), Some(expected), "{path}");
        }
    }

    #[test]
    fn the_other_presets_have_the_paths_of_their_predecessors() {
        let spring = Paths::spring().targets().unwrap();
        for (path, target) in [
            ("/actuator/health", Target::All),
            ("/actuator/health/liveness", LIVE),
            ("/actuator/health/readiness", READY),
            ("/livez", LIVE),
            ("/readyz", READY),
        ] {
            assert_eq!(found(&spring, path).unwrap().0, target, "{path}");
        }
        let microprofile = Paths::microprofile().targets().unwrap();
        for (path, target) in [
            ("/health", Target::All),
            ("/health/live", LIVE),
            ("/health/ready", READY),
            ("/health/started", STARTUP),
        ] {
            assert_eq!(found(&microprofile, path).unwrap().0, target, "{path}");
        }
        assert_eq!(found(&microprofile, "/livez"), None);
    }

    #[test]
    fn a_setter_replaces_every_path_of_its_probe() {
        let paths = Paths::default().live("/alive").all_checks("/status").ready(String::from("/r"));
        let targets = paths.startup("/up").targets().unwrap();
        for (path, target) in
            [("/alive", LIVE), ("/status", Target::All), ("/r", READY), ("/up", STARTUP)]
        {
            assert_eq!(found(&targets, path).unwrap().0, target, "{path}");
        }
        for path in ["/livez", "/healthz", "/readyz", "/startupz", "/health"] {
            assert_eq!(found(&targets, path), None, "{path}");
        }
    }

    #[test]
    fn every_mistake_is_reported_with_its_probe() {
        let paths = Paths::new().live("livez").ready("/ready/").startup("/x").all_checks("/x");
        let error = paths.also(Probe::Ready, "/x y").targets().unwrap_err();
        assert_eq!(
            error.to_string(),
            "health paths: live: \"livez\" must be a path that begins with a slash; \
             ready: \"/ready/\" must not end with a slash; \
             all_checks: \"/x\" is also a path of `startup`; every path must be different; \
             ready: \"/x y\" must be a path that a request can have, without a query"
        );
        let none = Paths::new().targets().unwrap_err();
        assert_eq!(none.to_string(), "health paths: paths: must contain at least one path");
        assert!(Paths::new().live("/").targets().is_err());
    }
}
