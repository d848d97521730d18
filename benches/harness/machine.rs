use std::{fs, process::Command, thread};

/// Returns a description of this machine, compiler and build profile.
#[must_use]
pub fn describe_machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cpu = cpu().unwrap_or_else(|| "unknown CPU".to_owned());
    let rustc = rustc().unwrap_or_else(|| "unknown rustc".to_owned());
    format!("{cores} cores of {cpu}; {rustc}; release, thin LTO, one codegen unit")
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().take(2).collect::<Vec<_>>();
    Some(version.join(" "))
}
