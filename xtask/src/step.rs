//! A command line that is printed before it runs and named in the error when it fails.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Command, Stdio};

use crate::Fallible;

pub(crate) struct Step {
    command: Command,
}

impl Step {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { command }
    }

    /// Creates a step for the cargo that runs this program, so that all steps use the same toolchain.
    pub(crate) fn cargo() -> Self {
        Self::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
    }

    /// Creates a step from a command line, which is split at spaces.
    pub(crate) fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let step = match words.next() {
            Some("cargo") => Self::cargo(),
            program => Self::new(program.unwrap_or_default()),
        };
        step.args(words)
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the command with its standard error redirected to standard output: test runners print
    /// their summary to standard error, and a log of standard output alone must contain it.
    pub(crate) fn run(mut self) -> Fallible {
        let line = self.line();
        println!("\n$ {line}");
        let status = self
            .command
            .stderr(Stdio::from(io::stdout()))
            .status()
            .map_err(|error| format!("cannot start `{line}`: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
    }

    /// Runs the command and returns its standard output.
    pub(crate) fn read(mut self) -> Fallible<String> {
        let line = self.line();
        let output = self
            .command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot start `{line}`: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{line}` failed ({})", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Returns whether the command exits successfully, without printing its output.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn line(&self) -> String {
        let program = std::path::Path::new(self.command.get_program());
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let mut line = name.into_owned();
        for arg in self.command.get_args() {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_line_names_the_program_without_its_folder() {
        let step = Step::new("/usr/bin/cargo").args(["test", "--doc"]);
        assert_eq!(step.line(), "cargo test --doc");
    }

    #[test]
    fn the_error_for_a_missing_program_names_it() {
        let error = Step::parse("no-such-program-here --version")
            .read()
            .expect_err("the program does not exist");
        assert!(error.to_string().contains("no-such-program-here --version"), "{error}");
    }
}
