//! Each example is a folder that users copy, so each is copied out of the repository and built there.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is how to report")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The lines of the storefront's manifest that name its siblings, and their replacements in a copy without these, as
/// in its README.
const WITHOUT_SIBLINGS: [(&str, &str); 4] = [
    ("inventory = { path = \"../inventory\", optional = true }\n", ""),
    ("payments = { path = \"../payments\", optional = true }\n", ""),
    ("default = [\"embedded\"]", "default = []"),
    ("embedded = [\"dep:payments\", \"dep:inventory\"]", "embedded = []"),
];

/// Folders that builds and fuzzing create.
const OUTPUT: [&str; 2] = ["target", "corpus"];

#[test]
fn payments_builds_elsewhere() {
    let elsewhere = TempDir::new().unwrap();
    check(&copy("payments", elsewhere.path()));
}

#[test]
fn inventory_builds_elsewhere() {
    let elsewhere = TempDir::new().unwrap();
    check(&copy("inventory", elsewhere.path()));
}

#[test]
fn storefront_builds_elsewhere_with_its_siblings_beside_it() {
    let elsewhere = TempDir::new().unwrap();
    copy("payments", elsewhere.path());
    copy("inventory", elsewhere.path());
    check(&copy("storefront", elsewhere.path()));
}

#[test]
fn storefront_builds_elsewhere_without_its_siblings() {
    let elsewhere = TempDir::new().unwrap();
    let storefront = copy("storefront", elsewhere.path());
    for (line, instead) in WITHOUT_SIBLINGS {
        edit(&storefront.join("Cargo.toml"), line, instead);
    }
    check(&storefront);
}

#[test]
fn shared_files_are_the_same_in_each_example() {
    for (file, holders) in [
        ("src/arguments.rs", &["storefront", "payments", "inventory"][..]),
        ("src/env.rs", &["storefront", "payments", "inventory"]),
        ("src/listen.rs", &["storefront", "payments", "inventory"]),
        ("src/log.rs", &["storefront", "payments", "inventory"]),
        ("src/times.rs", &["storefront", "payments", "inventory"]),
        ("tests/stopping/process.rs", &["storefront", "payments", "inventory"]),
        ("src/health.rs", &["payments", "inventory"]),
        ("src/faults/command.rs", &["payments", "inventory"]),
        ("src/faults/mod.rs", &["payments", "inventory"]),
        ("src/faults/plan.rs", &["payments", "inventory"]),
        ("src/faults/truncated.rs", &["payments", "inventory"]),
        ("proto/inventory.proto", &["storefront", "inventory"]),
    ] {
        let mut texts: Vec<_> =
            holders.iter().map(|name| fs::read(example(name).join(file)).unwrap()).collect();
        texts.dedup();
        assert_eq!(texts.len(), 1, "{file} differs between {holders:?}");
    }
}

#[test]
fn the_log_of_the_examples_can_be_filtered_by_each_crate_that_it_may_contain() {
    let log = fs::read_to_string(example("storefront").join("src/log.rs")).unwrap();
    let crates = fs::read_dir(repository().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| name != "battlement-testkit") {
        let target = name.replace('-', "_");
        assert!(log.contains(&format!("    \"{target}\",\n")), "{target}");
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn example(name: &str) -> PathBuf {
    repository().join("examples").join(name)
}

/// Copies an example, and sets the path of battlement in its manifest.
fn copy(name: &str, into: &Path) -> PathBuf {
    let copied = into.join(name);
    copy_folder(&example(name), &copied);
    let battlement = repository().join("crates/battlement");
    edit(
        &copied.join("Cargo.toml"),
        "path = \"../../crates/battlement\"",
        &format!("path = '{}'", battlement.display()),
    );
    // With the lock file of the repository, the dependencies are already downloaded.
    fs::copy(repository().join("Cargo.lock"), copied.join("Cargo.lock")).unwrap();
    copied
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if OUTPUT.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn edit(file: &Path, line: &str, instead: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(line), "{} no longer has {line:?}", file.display());
    fs::write(file, text.replace(line, instead)).unwrap();
}

/// Checks a package. All copies share a target folder that is kept between runs, so dependencies are built once.
fn check(package: &Path) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples_stand_alone");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--all-targets", "--target-dir"])
        .arg(target)
        .current_dir(package)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
