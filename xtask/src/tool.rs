//! What the tests and checks need from outside the workspace, in one table.

use crate::step::Step;

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Who would miss it.
    pub(crate) needed: &'static str,
    /// Command lines of which one succeeds where the tool is there.
    detect: &'static [&'static str],
    pub(crate) source: Source,
}

/// Where it comes from.
pub(crate) enum Source {
    /// A package of the system.
    System { apt: &'static str, brew: &'static str },
    /// A crate; the version keeps one that reads our configuration.
    Crate { name: &'static str, version: &'static str },
    /// A toolchain that we do not fetch for anybody.
    Toolchain { advice: &'static str },
}

pub(crate) const REDIS: Tool = Tool {
    name: "redis-server",
    needed: "tests start it on free ports",
    detect: &["redis-server --version"],
    source: Source::System { apt: "redis-server", brew: "redis" },
};

pub(crate) const PROMETHEUS: Tool = Tool {
    name: "prometheus",
    needed: "tests let it scrape what we expose",
    detect: &["prometheus --version"],
    source: Source::System { apt: "prometheus", brew: "prometheus" },
};

pub(crate) const PROMTOOL: Tool = Tool {
    name: "promtool",
    needed: "tests check expositions and rules with it",
    detect: &["promtool --version"],
    source: Source::System { apt: "prometheus", brew: "prometheus" },
};

pub(crate) const PYTHON: Tool = Tool {
    name: "python3 with venv",
    needed: "tests read expositions with the strict parser of Prometheus' Python library",
    detect: &["python3 -m ensurepip --version"],
    source: Source::System { apt: "python3-venv", brew: "python" },
};

pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    needed: "checks licences, sources and duplicate versions",
    detect: &["cargo deny --version"],
    source: Source::Crate { name: "cargo-deny", version: "^0.20" },
};

pub(crate) const FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    needed: "builds and runs the fuzz targets",
    detect: &["cargo fuzz --version"],
    source: Source::Crate { name: "cargo-fuzz", version: "^0.13" },
};

pub(crate) const NIGHTLY: Tool = Tool {
    name: "nightly toolchain",
    needed: "fuzz targets are built with its sanitizer",
    detect: &["rustup run nightly rustc --version"],
    source: Source::Toolchain { advice: "rustup toolchain install nightly" },
};

pub(crate) const CHROMIUM: Tool = Tool {
    name: "chromium",
    needed: "opens the storefront's page as a customer's browser does",
    detect: &[
        "chromium-headless-shell --version",
        "chromium --version",
        "chromium-browser --version",
        "google-chrome --version",
    ],
    source: Source::System { apt: "chromium-headless-shell", brew: "chromium" },
};

/// What `cargo xtask test` needs.
pub(crate) const FOR_TESTS: &[Tool] = &[REDIS, PROMETHEUS, PROMTOOL, PYTHON];

/// What the fuzz job needs.
pub(crate) const FOR_FUZZING: &[Tool] = &[NIGHTLY, FUZZ];

impl Tool {
    pub(crate) fn is_there(&self) -> bool {
        self.detect.iter().any(|line| Step::words(line).succeeds())
    }
}

pub(crate) fn has_nextest() -> bool {
    Step::words("cargo nextest --version").succeeds()
}
