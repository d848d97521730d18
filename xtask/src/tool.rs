//! The external tools that the tests and checks need.

use crate::step::Step;

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The use of the tool, for the message that reports it missing.
    pub(crate) purpose: &'static str,
    /// Commands of which at least one succeeds if the tool is installed.
    detect: &'static [&'static str],
    pub(crate) source: Source,
}

/// The source that a tool is installed from.
pub(crate) enum Source {
    /// A system package.
    System { apt: &'static str, brew: &'static str },
    /// A crate; the version is one that supports this repository's configuration.
    Crate { name: &'static str, version: &'static str },
    /// A Rust toolchain, which is never installed automatically.
    Toolchain { advice: &'static str },
}

pub(crate) const REDIS: Tool = Tool {
    name: "redis-server",
    purpose: "tests start it on free ports",
    detect: &["redis-server --version"],
    source: Source::System { apt: "redis-server", brew: "redis" },
};

pub(crate) const PROMETHEUS: Tool = Tool {
    name: "prometheus",
    purpose: "tests scrape the metrics endpoint with it",
    detect: &["prometheus --version"],
    source: Source::System { apt: "prometheus", brew: "prometheus" },
};

pub(crate) const PROMTOOL: Tool = Tool {
    name: "promtool",
    purpose: "tests check metrics expositions and rules with it",
    detect: &["promtool --version"],
    source: Source::System { apt: "prometheus", brew: "prometheus" },
};

pub(crate) const PYTHON: Tool = Tool {
    name: "python3 with venv",
    purpose: "tests run the Prometheus Python client's strict parser and an independent HTTP/2 client with it",
    detect: &["python3 -m ensurepip --version"],
    source: Source::System { apt: "python3-venv", brew: "python" },
};

const JQ: Tool = Tool {
    name: "jq",
    purpose: "tests read logs with the commands of the documentation",
    detect: &["jq --version"],
    source: Source::System { apt: "jq", brew: "jq" },
};

const GOACCESS: Tool = Tool {
    name: "goaccess",
    purpose: "tests read combined lines of the access log with it",
    detect: &["goaccess --version"],
    source: Source::System { apt: "goaccess", brew: "goaccess" },
};

/// Linux only: no other system has the calls that it counts.
const STRACE: Tool = Tool {
    name: "strace",
    purpose: "tests count the system calls of requests with it",
    detect: &["strace --version"],
    source: Source::System { apt: "strace", brew: "strace" },
};

const CURL: Tool = Tool {
    name: "curl",
    purpose: "tests send requests with it, over HTTP/1 and HTTP/2",
    detect: &["curl --version"],
    source: Source::System { apt: "curl", brew: "curl" },
};

/// A load generator, which has no command that succeeds without a server.
const WRK: Tool = Tool {
    name: "wrk",
    purpose: "tests load a server with it over HTTP/1",
    detect: &["which wrk"],
    source: Source::System { apt: "wrk", brew: "wrk" },
};

const H2LOAD: Tool = Tool {
    name: "h2load",
    purpose: "tests load a server with it over HTTP/2",
    detect: &["h2load --version"],
    source: Source::System { apt: "nghttp2-client", brew: "nghttp2" },
};

const OPENSSL: Tool = Tool {
    name: "openssl",
    purpose: "tests read certificates with it, as a TLS client",
    detect: &["openssl version"],
    source: Source::System { apt: "openssl", brew: "openssl" },
};

/// Linux only.
const SOCKET_ACTIVATE: Tool = Tool {
    name: "systemd-socket-activate",
    purpose: "tests hand sockets over with it, as systemd does",
    detect: &["systemd-socket-activate --version"],
    source: Source::System { apt: "systemd", brew: "systemd" },
};

pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    purpose: "checks licenses, sources and duplicate versions",
    detect: &["cargo deny --version"],
    source: Source::Crate { name: "cargo-deny", version: "^0.20" },
};

pub(crate) const FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    purpose: "builds and runs the fuzz targets",
    detect: &["cargo fuzz --version"],
    source: Source::Crate { name: "cargo-fuzz", version: "^0.13" },
};

pub(crate) const NIGHTLY: Tool = Tool {
    name: "nightly toolchain",
    purpose: "builds fuzz targets with a sanitizer",
    detect: &["rustup run nightly rustc --version"],
    source: Source::Toolchain { advice: "rustup toolchain install nightly" },
};

pub(crate) const CHROMIUM: Tool = Tool {
    name: "chromium",
    purpose: "opens the storefront's page in the browser tests",
    detect: &[
        "chromium-headless-shell --version",
        "chromium --version",
        "chromium-browser --version",
        "google-chrome --version",
    ],
    source: Source::System { apt: "chromium-headless-shell", brew: "chromium" },
};

/// Debian installs it in `/usr/sbin`, which is not in the path of every user.
const HAPROXY: Tool = Tool {
    name: "haproxy",
    purpose: "balances the load of services that are restarted",
    detect: &["haproxy -v", "/usr/sbin/haproxy -v"],
    source: Source::System { apt: "haproxy", brew: "haproxy" },
};

/// Linux only, as network namespaces are.
const UNSHARE: Tool = Tool {
    name: "unshare",
    purpose: "restarts services in a network namespace with other settings",
    detect: &["unshare --version"],
    source: Source::System { apt: "util-linux", brew: "util-linux" },
};

/// Debian installs it in `/usr/sbin`, which is not in the path of every user.
const IP: Tool = Tool {
    name: "ip",
    purpose: "brings the loopback interface of a network namespace up",
    detect: &["ip -Version", "/usr/sbin/ip -Version"],
    source: Source::System { apt: "iproute2", brew: "iproute2mac" },
};

/// The tools that `cargo xtask test` needs.
pub(crate) const FOR_TESTS: &[Tool] = if cfg!(target_os = "linux") {
    &[
        REDIS,
        PROMETHEUS,
        PROMTOOL,
        PYTHON,
        JQ,
        GOACCESS,
        CURL,
        WRK,
        H2LOAD,
        OPENSSL,
        STRACE,
        SOCKET_ACTIVATE,
    ]
} else {
    &[REDIS, PROMETHEUS, PROMTOOL, PYTHON, JQ, GOACCESS, CURL, WRK, H2LOAD, OPENSSL]
};

/// The tools that the restarts job needs.
pub(crate) const FOR_RESTARTS: &[Tool] = &[HAPROXY, UNSHARE, IP];

/// The tools that the floods job needs.
pub(crate) const FOR_FLOODS: &[Tool] = &[PYTHON];

/// The tools that the fuzz job needs.
pub(crate) const FOR_FUZZING: &[Tool] = &[NIGHTLY, FUZZ];

impl Tool {
    pub(crate) fn is_installed(&self) -> bool {
        self.detect.iter().any(|line| Step::parse(line).succeeds())
    }
}

pub(crate) fn has_nextest() -> bool {
    Step::parse("cargo nextest --version").succeeds()
}
