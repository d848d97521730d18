//! One command line: said before it runs, named when it fails.

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

    /// The cargo that called us, so that every step has the same toolchain.
    pub(crate) fn cargo() -> Self {
        Self::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
    }

    /// The program and its arguments, parted by spaces: for command lines that are known here.
    pub(crate) fn words(line: &str) -> Self {
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

    /// Runs it with everything it says on our standard output: runners close on standard error,
    /// and whoever keeps only our output must see that.
    pub(crate) fn run(mut self) -> Fallible {
        let line = self.line();
        println!("\n$ {line}");
        let status = self
            .command
            .stderr(Stdio::from(io::stdout()))
            .status()
            .map_err(|error| format!("`{line}` cannot be started: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
    }

    /// Runs it and returns what it prints.
    pub(crate) fn read(mut self) -> Fallible<String> {
        let line = self.line();
        let output = self
            .command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("`{line}` cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{line}` failed ({})", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Whether it can be started and is content, asked in silence.
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
    fn the_line_names_the_program_without_its_folder() {
        let step = Step::new("/usr/bin/cargo").args(["test", "--doc"]);
        assert_eq!(step.line(), "cargo test --doc");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Step::words("no-such-program-here --version").read().expect_err("not there");
        assert!(error.to_string().contains("no-such-program-here --version"), "{error}");
    }
}
