use std::fmt;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Fallible;
use crate::step::Step;

/// The folder `test` of a checkout of the repository w3c/trace-context.
#[derive(Debug)]
pub(super) struct Harness {
    script: PathBuf,
}

impl Harness {
    pub(super) fn open(folder: &Path) -> Fallible<Self> {
        let script = folder.join("test.py");
        if !script.is_file() {
            let folder = folder.display();
            return Err(format!(
                "`{folder}` has no test.py; pass the folder `test` of a checkout of the repository \
                 w3c/trace-context"
            )
            .into());
        }
        if !Step::new("python3").args(["-c", "import aiohttp"]).succeeds() {
            return Err("python3 cannot import aiohttp, which the harness needs; run `python3 -m pip install \
                        aiohttp`, in an active virtual environment if the system manages its packages"
                .into());
        }
        Ok(Self { script })
    }

    /// Runs all tests up to `spec_level` at the strictest level, and fails unless all of them pass.
    pub(super) fn run(&self, service: &str, spec_level: &str) -> Fallible<Score> {
        println!("\n$ SPEC_LEVEL={spec_level} STRICT_LEVEL=2 python3 test.py {service}");
        let output = Command::new("python3")
            .arg(&self.script)
            .arg(service)
            .env("SPEC_LEVEL", spec_level)
            .env("STRICT_LEVEL", "2")
            .env("HARNESS_PORT", free_port()?.to_string())
            .env_remove("HARNESS_HOST")
            .env_remove("HARNESS_BIND_HOST")
            .env_remove("HARNESS_BIND_PORT")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot start `python3`: {error}"))?;
        let printed = String::from_utf8_lossy(&output.stderr);
        match Score::parse(&printed) {
            Some(score) if output.status.success() && score.is_perfect() => Ok(score),
            score => {
                println!("{}{printed}", String::from_utf8_lossy(&output.stdout));
                let score = score.map_or_else(|| "no result".to_owned(), |score| score.to_string());
                Err(format!("SPEC_LEVEL={spec_level}: {score} ({})", output.status).into())
            }
        }
    }
}

fn free_port() -> Fallible<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The counts that Python's unittest prints last.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Score {
    tests: u32,
    failed: u32,
    skipped: u32,
}

impl Score {
    /// Reads `Ran 41 tests in 1.2s`, and the line below it: `OK (skipped=1)` or `FAILED (failures=1, errors=2)`.
    fn parse(printed: &str) -> Option<Self> {
        let mut lines = printed.lines().skip_while(|line| !line.starts_with("Ran "));
        let tests = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let verdict = lines.find(|line| !line.is_empty())?;
        if !["OK", "FAILED"].iter().any(|word| verdict.starts_with(word)) {
            return None;
        }
        let count = |name: &str| {
            let counts =
                verdict.split(['(', ')', ',']).filter_map(|part| part.trim().split_once('='));
            counts.filter(|(key, _)| *key == name).find_map(|(_, count)| count.parse().ok())
        };
        let failed = count("failures").unwrap_or(0) + count("errors").unwrap_or(0);
        Some(Self { tests, failed, skipped: count("skipped").unwrap_or(0) })
    }

    const fn is_perfect(&self) -> bool {
        self.failed == 0 && self.tests > self.skipped
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tests, failed, skipped } = self;
        write!(f, "{} of {tests} tests without a failure", tests - failed)?;
        if *skipped > 0 {
            write!(f, ", {skipped} of them skipped at this level")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_read_from_what_unittest_prints() {
        let printed = "test_a ... ok\n\n-----\nRan 41 tests in 1.358s\n\nOK (skipped=1)\n";
        let score = Score { tests: 41, failed: 0, skipped: 1 };
        assert_eq!(Score::parse(printed), Some(score));
        let printed = "Ran 6 tests in 0.381s\n\nFAILED (failures=1, errors=2, skipped=1)\n";
        let score = Score { tests: 6, failed: 3, skipped: 1 };
        assert_eq!(Score::parse(printed), Some(score));
        assert_eq!(Score::parse("Traceback (most recent call last):\n"), None);
    }

    #[test]
    fn only_a_run_without_failures_that_ran_something_is_perfect() {
        assert!(Score { tests: 41, failed: 0, skipped: 1 }.is_perfect());
        assert!(!Score { tests: 41, failed: 1, skipped: 0 }.is_perfect());
        assert!(!Score { tests: 41, failed: 0, skipped: 41 }.is_perfect());
        assert!(!Score::default().is_perfect());
    }

    #[test]
    fn a_folder_without_the_harness_is_named_with_the_fix() {
        let error = Harness::open(Path::new("/no/such/folder")).unwrap_err().to_string();
        assert!(
            error.contains("/no/such/folder") && error.contains("w3c/trace-context"),
            "{error}"
        );
    }
}
