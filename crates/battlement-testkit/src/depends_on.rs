use std::process::Command;

/// Returns whether the package in `folder`, built with the features that `arguments` select, depends on the crate `name`.
///
/// A crate that is optional in a manifest may still be a dependency of another one, which only cargo can tell.
///
/// # Panics
///
/// Panics if `cargo tree` fails.
///
/// # Example
///
/// ```
/// use battlement_testkit::depends_on;
///
/// let folder = env!("CARGO_MANIFEST_DIR");
/// assert!(depends_on(folder, &[], "http"));
/// assert!(!depends_on(folder, &["--no-default-features"], "hyper"));
/// ```
#[must_use]
pub fn depends_on(folder: &str, arguments: &[&str], name: &str) -> bool {
    let tree = ["tree", "--offline", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo.args(tree).args(arguments).current_dir(folder).output();
    let output = output.expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packages = String::from_utf8_lossy(&output.stdout);
    packages.lines().any(|package| package.split(' ').next() == Some(name))
}
