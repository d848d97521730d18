//! Finds missing tools, and installs them on request.

use std::collections::BTreeSet;
use std::env::consts::OS;

use crate::Fallible;
use crate::step::Step;
use crate::tool::{Source, Tool};

/// Returns an error if a tool is missing; with `install`, installs missing tools first.
pub(crate) fn require(tools: &[Tool], install: bool) -> Fallible {
    let absent = missing(tools);
    if absent.is_empty() {
        return Ok(());
    }
    if !install {
        let advice = "install them, or run the command again with --install";
        return Err(format!("missing tools:\n{}{advice}", describe(&absent)).into());
    }
    let manager = Manager::detect();
    add_packages(manager.as_ref(), &absent)?;
    add_crates(&absent)?;
    let absent = missing(tools);
    if absent.is_empty() {
        return Ok(());
    }
    Err(format!("tools are still missing after the installation:\n{}", describe(&absent)).into())
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| !tool.is_installed()).collect()
}

/// Returns one line per tool with its name, its purpose and the command that installs it.
fn describe(tools: &[&Tool]) -> String {
    tools
        .iter()
        .map(|tool| format!("  {} ({}): {}\n", tool.name, tool.purpose, install_command(tool)))
        .collect()
}

fn install_command(tool: &Tool) -> String {
    match tool.source {
        Source::System { brew, .. } if OS == "macos" => format!("brew install {brew}"),
        Source::System { apt, .. } => format!("apt-get install {apt}"),
        Source::Crate { name, version } => {
            format!("cargo install --locked {name} --version {version}")
        }
        Source::Toolchain { advice } => advice.into(),
    }
}

enum Manager {
    Apt,
    Brew,
}

impl Manager {
    fn detect() -> Option<Self> {
        if OS == "macos" {
            return Step::parse("brew --version").succeeds().then_some(Self::Brew);
        }
        Step::parse("apt-get --version").succeeds().then_some(Self::Apt)
    }

    fn package(&self, tool: &Tool) -> Option<&'static str> {
        match (self, &tool.source) {
            (Self::Apt, Source::System { apt, .. }) => Some(apt),
            (Self::Brew, Source::System { brew, .. }) => Some(brew),
            (_, Source::Crate { .. } | Source::Toolchain { .. }) => None,
        }
    }

    fn install(&self, packages: &BTreeSet<&str>) -> Fallible {
        match self {
            Self::Brew => Step::parse("brew install").args(packages).run(),
            Self::Apt => {
                apt("update").run()?;
                apt("install --yes --no-install-recommends").args(packages).run()
            }
        }
    }
}

/// Creates an `apt-get` step that does not start services.
///
/// Debian starts a package's services during its installation. The first two variables make the
/// helpers of sysvinit and systemd skip that.
fn apt(arguments: &str) -> Step {
    let quiet = "env RUNLEVEL=1 SYSTEMD_OFFLINE=1 DEBIAN_FRONTEND=noninteractive apt-get";
    let line = format!("{quiet} {arguments}");
    if is_root() { Step::parse(&line) } else { Step::parse(&format!("sudo {line}")) }
}

fn is_root() -> bool {
    Step::parse("id -u").read().is_ok_and(|id| id.trim() == "0")
}

fn add_packages(manager: Option<&Manager>, tools: &[&Tool]) -> Fallible {
    if !tools.iter().any(|tool| matches!(tool.source, Source::System { .. })) {
        return Ok(());
    }
    let manager = manager.ok_or_else(|| {
        format!("neither apt-get nor brew is available; install manually:\n{}", describe(tools))
    })?;
    let packages: BTreeSet<_> = tools.iter().filter_map(|tool| manager.package(tool)).collect();
    manager.install(&packages)
}

/// Installs missing cargo tools without optimization: they run for seconds, and an optimized build
/// takes minutes.
fn add_crates(tools: &[&Tool]) -> Fallible {
    for tool in tools {
        if let Source::Crate { name, version } = tool.source {
            Step::parse("cargo install --locked --debug --version")
                .args([version, name])
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .run()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::{DENY, FOR_TESTS};

    #[test]
    fn a_missing_tool_is_listed_with_its_purpose_and_install_command() {
        let text = describe(&[&DENY]);
        assert!(text.contains("cargo-deny (checks licenses"), "{text}");
        assert!(text.contains("cargo install --locked cargo-deny"), "{text}");
    }

    #[test]
    fn each_package_manager_has_a_package_for_every_test_tool() {
        for tool in FOR_TESTS {
            assert!(Manager::Apt.package(tool).is_some(), "{}", tool.name);
            assert!(Manager::Brew.package(tool).is_some(), "{}", tool.name);
        }
    }
}
