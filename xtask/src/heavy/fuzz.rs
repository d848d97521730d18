//! Runs every fuzz target for a limited time, starting from its seeds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Heavy;
use crate::step::Step;
use crate::{Fallible, install, tool};

/// A target of the cargo-fuzz package of a crate or an example.
struct Target {
    folder: PathBuf,
    name: String,
}

pub(super) fn run(options: &Heavy) -> Fallible {
    install::require(tool::FOR_FUZZING, options.install)?;
    let targets = targets()?;
    if targets.is_empty() {
        return Err("no crate and no example has a `fuzz` folder with targets".into());
    }
    println!("{} targets, {} seconds each", targets.len(), options.seconds);
    let failures: Vec<_> =
        targets.iter().filter_map(|target| target.run(options.seconds).err()).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = failures.iter().map(ToString::to_string).collect();
    Err(lines.join("\n").into())
}

fn targets() -> Fallible<Vec<Target>> {
    let mut targets = Vec::new();
    for folder in folders()? {
        let list = cargo_fuzz(&["list", "--fuzz-dir"]).args([&folder]).read()?;
        targets
            .extend(list.lines().map(|name| Target { folder: folder.clone(), name: name.into() }));
    }
    Ok(targets)
}

/// Returns the folders `crates/*/fuzz` and `examples/*/fuzz`, sorted by name.
fn folders() -> Fallible<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir("crates")?.chain(fs::read_dir("examples")?) {
        let folder = entry?.path().join("fuzz");
        if folder.join("Cargo.toml").is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}

fn cargo_fuzz(args: &[&str]) -> Step {
    Step::parse("rustup run nightly cargo fuzz").args(args)
}

impl Target {
    /// Runs the target. New inputs are added to the untracked corpus; the seeds are only read.
    fn run(&self, seconds: u32) -> Fallible {
        let corpus = self.folder.join("corpus").join(&self.name);
        fs::create_dir_all(&corpus)?;
        cargo_fuzz(&["run", "--fuzz-dir"])
            .args([&self.folder])
            .args([&self.name])
            .args([&corpus])
            .args(self.seeds())
            .args(["--".into(), format!("-max_total_time={seconds}")])
            .run()
    }

    fn seeds(&self) -> Option<PathBuf> {
        let seeds = Path::new(&self.folder).join("seeds").join(&self.name);
        seeds.is_dir().then_some(seeds)
    }
}
