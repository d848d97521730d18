//! Python interpreters with packages, for clients and parsers of other authors.
//!
//! # Example
//!
//! ```no_run
//! use std::process::Command;
//! use battlement_testkit::python;
//!
//! let python = python::with("http2-client", &["h2==4.4.1"]);
//! assert!(Command::new(python).args(["-c", "import h2"]).status().unwrap().success());
//! ```

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The file that lists the packages of a complete environment.
const COMPLETE: &str = "complete";

/// Returns a Python interpreter with these packages of the Python Package Index, such as `h2==4.4.1`.
///
/// The first call creates a virtual environment with this name beside the binaries of the tests, and later calls with
/// the same packages use it. Processes that call at the same time wait for each other.
///
/// # Panics
///
/// Panics if `python3` cannot create the environment, or `pip` cannot install the packages.
#[must_use]
pub fn with(name: &str, packages: &[&str]) -> PathBuf {
    let folder = binaries();
    let place = folder.join(name);
    let lock =
        File::create(folder.join(format!("{name}.lock"))).expect("the folder must be writable");
    lock.lock().expect("the lock is released when its process has ended");
    let python = place.join("bin/python");
    let (complete, wanted) = (place.join(COMPLETE), packages.join("\n"));
    if fs::read_to_string(&complete).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let missing = "python3 with venv is missing: apt install python3-venv";
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place), missing);
    let mut pip = Command::new(&python);
    run(pip.args(["-m", "pip", "install", "--quiet"]).args(packages), "pip failed");
    fs::write(complete, wanted).expect("the folder must be writable");
    python
}

/// Returns the folder of the profile, such as `target/debug`.
fn binaries() -> PathBuf {
    let binary = env::current_exe().expect("a test has a binary");
    let folder = binary.parent().and_then(Path::parent);
    folder.expect("cargo puts the binaries of tests into folders").to_owned()
}

fn run(command: &mut Command, failure: &str) {
    let output = command.output().expect(failure);
    assert!(output.status.success(), "{failure}: {}", String::from_utf8_lossy(&output.stderr));
}
