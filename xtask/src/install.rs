//! Finding out what is missing, and installing it when asked to.

use std::collections::BTreeSet;
use std::env::consts::OS;

use crate::Fallible;
use crate::step::Step;
use crate::tool::{Source, Tool};

/// Passes if every tool is there, after installing the missing ones if that is wanted.
pub(crate) fn require(tools: &[Tool], install: bool) -> Fallible {
    let absent = missing(tools);
    if absent.is_empty() {
        return Ok(());
    }
    if !install {
        let advice = "install that, or call this again with --install to have it done";
        return Err(format!("missing:\n{}{advice}", describe(&absent)).into());
    }
    let manager = Manager::of_this_machine();
    add_packages(manager.as_ref(), &absent)?;
    add_crates(&absent)?;
    let absent = missing(tools);
    if absent.is_empty() {
        return Ok(());
    }
    Err(format!("still missing after the installation:\n{}", describe(&absent)).into())
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| !tool.is_there()).collect()
}

/// A line for each tool: its name, who needs it, how to get it.
fn describe(tools: &[&Tool]) -> String {
    tools.iter().map(|tool| format!("  {} ({}): {}\n", tool.name, tool.needed, fix(tool))).collect()
}

fn fix(tool: &Tool) -> String {
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
    fn of_this_machine() -> Option<Self> {
        if OS == "macos" {
            return Step::words("brew --version").succeeds().then_some(Self::Brew);
        }
        Step::words("apt-get --version").succeeds().then_some(Self::Apt)
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
            Self::Brew => Step::words("brew install").args(packages).run(),
            Self::Apt => {
                apt("update").run()?;
                apt("install --yes --no-install-recommends").args(packages).run()
            }
        }
    }
}

/// Debian starts the services of a package when it is installed. We want the programs alone: the
/// first two variables tell sysvinit's and systemd's helpers that nothing is to be started now.
fn apt(arguments: &str) -> Step {
    let quiet = "env RUNLEVEL=1 SYSTEMD_OFFLINE=1 DEBIAN_FRONTEND=noninteractive apt-get";
    let line = format!("{quiet} {arguments}");
    if is_root() { Step::words(&line) } else { Step::words(&format!("sudo {line}")) }
}

fn is_root() -> bool {
    Step::words("id -u").read().is_ok_and(|id| id.trim() == "0")
}

fn add_packages(manager: Option<&Manager>, tools: &[&Tool]) -> Fallible {
    if !tools.iter().any(|tool| matches!(tool.source, Source::System { .. })) {
        return Ok(());
    }
    let manager = manager.ok_or_else(|| {
        format!("neither apt-get nor brew is here; install by hand:\n{}", describe(tools))
    })?;
    let packages: BTreeSet<_> = tools.iter().filter_map(|tool| manager.package(tool)).collect();
    manager.install(&packages)
}

/// Built without optimisation: these tools run for seconds, and building them for speed takes
/// minutes.
fn add_crates(tools: &[&Tool]) -> Fallible {
    for tool in tools {
        if let Source::Crate { name, version } = tool.source {
            Step::words("cargo install --locked --debug --version")
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
    fn a_missing_tool_is_told_with_its_use_and_its_fix() {
        let text = describe(&[&DENY]);
        assert!(text.contains("cargo-deny (checks licences"), "{text}");
        assert!(text.contains("cargo install --locked cargo-deny"), "{text}");
    }

    #[test]
    fn each_manager_knows_a_package_for_every_server() {
        for tool in FOR_TESTS {
            assert!(Manager::Apt.package(tool).is_some(), "{}", tool.name);
            assert!(Manager::Brew.package(tool).is_some(), "{}", tool.name);
        }
    }
}
