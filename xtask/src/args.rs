//! Parses the command line by hand: five commands and five options do not justify a parser dependency.

use std::path::{self, PathBuf};

use crate::{check, heavy};

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    Help,
    Test(Test),
    Ci(Ci),
    Heavy(Heavy),
    Browser {
        install: bool,
    },
    /// The folder of the harness, as an absolute path.
    TraceContext {
        folder: PathBuf,
    },
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Test {
    pub(crate) install: bool,
    /// Arguments after `--`, passed to the test runner unchanged.
    pub(crate) runner_args: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ci {
    pub(crate) install: bool,
    /// Names of the checks to run; all checks if empty.
    pub(crate) checks: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Heavy {
    pub(crate) install: bool,
    /// Names of the jobs to run; if empty, the jobs are only listed.
    pub(crate) jobs: Vec<String>,
    /// Run time of each fuzz target.
    pub(crate) seconds: u32,
    /// Number of runs of the test suite, or of restarts of each service.
    pub(crate) times: u32,
    /// The names of the cases of the overload, separated by commas; all cases if absent.
    pub(crate) case: Option<String>,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { install: false, jobs: Vec::new(), seconds: 180, times: 10, case: None }
    }
}

/// Parses the arguments after `cargo xtask`.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut args = args.into_iter();
    let Some(command) = args.next() else {
        return Ok(Task::Help);
    };
    let rest: Vec<String> = args.collect();
    if contains_help(&rest) {
        return Ok(Task::Help);
    }
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Task::Help),
        "test" => test(rest).map(Task::Test),
        "ci" => ci(rest).map(Task::Ci),
        "heavy" => heavy(rest).map(Task::Heavy),
        "browser" => browser(&rest),
        "trace-context" => trace_context(&rest),
        other => Err(unknown(other)),
    }
}

fn test(args: Vec<String>) -> Result<Test, String> {
    let mut options = Test::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--install" => options.install = true,
            "--" => options.runner_args = args.by_ref().collect(),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn ci(args: Vec<String>) -> Result<Ci, String> {
    let mut options = Ci::default();
    for arg in args {
        match arg.as_str() {
            "--install" => options.install = true,
            name if check::exists(name) => options.checks.push(arg),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn heavy(args: Vec<String>) -> Result<Heavy, String> {
    let mut options = Heavy::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--install" => options.install = true,
            "--seconds" => options.seconds = count("--seconds", args.next())?,
            "--times" => options.times = count("--times", args.next())?,
            "--case" => options.case = Some(args.next().ok_or("`--case` requires a name")?),
            "all" => options.jobs.extend(heavy::names().map(String::from)),
            name if heavy::names().any(|job| job == name) => options.jobs.push(arg),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn browser(args: &[String]) -> Result<Task, String> {
    match args {
        [] => Ok(Task::Browser { install: false }),
        [arg] if arg == "--install" => Ok(Task::Browser { install: true }),
        [arg, ..] => Err(unknown(arg)),
    }
}

/// Parses the folder, which is relative to the current directory; all other paths are relative to the workspace root.
fn trace_context(args: &[String]) -> Result<Task, String> {
    let [folder] = args else {
        return Err(
            "`trace-context` requires one folder: `test` of the repository w3c/trace-context"
                .into(),
        );
    };
    let folder = path::absolute(folder).map_err(|error| format!("`{folder}`: {error}"))?;
    Ok(Task::TraceContext { folder })
}

fn count(option: &str, value: Option<String>) -> Result<u32, String> {
    let value = value.ok_or_else(|| format!("`{option}` requires a value"))?;
    let count = value.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("`{option}` must be a positive integer, got `{value}`"))
}

/// Returns whether the arguments before `--` contain a help flag; a `--help` after it is the runner's.
fn contains_help(args: &[String]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h")
}

fn unknown(arg: &str) -> String {
    format!("unknown argument `{arg}`; `cargo xtask --help` lists commands and options")
}

/// Returns the help text; the lists of checks and jobs come from their tables.
pub(crate) fn usage() -> String {
    format!(
        "\
cargo xtask test [--install] [-- ARGS]
    Runs every test (with cargo-nextest if it is installed, otherwise with cargo test) and every
    doctest. Lists missing servers and tools and fails; --install installs them first, with
    apt-get or brew, without starting their services.
    ARGS are passed to the test runner; doctests are then skipped.

cargo xtask ci [--install] [CHECK ...]
    Runs all checks that a change must pass in addition to the tests, or only the named ones:
{}
cargo xtask browser [--install]
    Opens the storefront's page in headless Chromium, unmodified and with injected scripts.
    `ci` includes this check.

cargo xtask trace-context DIR
    Runs the W3C trace-context harness against a service with the layers, and checks that the
    defaults pass the headers on unchanged. DIR is the folder `test` of a checkout of the
    repository w3c/trace-context. Requires python3 with aiohttp.

cargo xtask heavy [--install] [--seconds N] [--times N] [--case NAME,..] [JOB ... | all]
    Runs jobs that take too long for every change; without a name, lists them:
{}",
        check::list(),
        heavy::list()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn an_empty_command_line_and_a_help_flag_at_any_position_print_the_help() {
        for line in ["", "help", "--help", "test --help", "heavy fuzz -h"] {
            assert_eq!(read(line), Ok(Task::Help), "{line}");
        }
    }

    #[test]
    fn arguments_after_two_dashes_are_passed_to_the_runner_unchanged() {
        let runner_args =
            ["-p", "battlement-core", "--install", "--help"].map(String::from).to_vec();
        assert_eq!(
            read("test --install -- -p battlement-core --install --help"),
            Ok(Task::Test(Test { install: true, runner_args }))
        );
    }

    #[test]
    fn checks_are_selected_by_name() {
        let checks = vec!["format".into(), "house".into()];
        assert_eq!(read("ci format house"), Ok(Task::Ci(Ci { install: false, checks })));
    }

    #[test]
    fn the_browser_command_takes_no_names() {
        assert_eq!(read("browser --install"), Ok(Task::Browser { install: true }));
        assert!(read("browser firefox").is_err_and(|error| error.contains("firefox")));
    }

    #[test]
    fn the_trace_context_harness_is_one_folder_relative_to_the_current_directory() {
        let folder = std::env::current_dir()
            .expect("the current directory is readable")
            .join("harness/test");
        assert_eq!(read("trace-context harness/test"), Ok(Task::TraceContext { folder }));
        for line in ["trace-context", "trace-context one two"] {
            assert!(read(line).is_err_and(|error| error.contains("w3c/trace-context")), "{line}");
        }
    }

    #[test]
    fn all_selects_every_job() {
        let Ok(Task::Heavy(options)) = read("heavy all --seconds 5") else {
            panic!("not parsed as `heavy`");
        };
        assert!(options.jobs.iter().map(String::as_str).eq(heavy::names()));
        assert_eq!(options.seconds, 5);
    }

    #[test]
    fn a_case_of_the_overload_is_selected_by_name() {
        let Ok(Task::Heavy(options)) = read("heavy overload --case tower") else {
            panic!("not parsed as `heavy`");
        };
        assert_eq!(options.case.as_deref(), Some("tower"));
        assert!(read("heavy overload --case").is_err());
    }

    #[test]
    fn an_option_without_a_positive_integer_is_rejected() {
        for line in ["heavy fuzz --seconds", "heavy fuzz --seconds soon", "heavy repeat --times 0"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_error_for_an_unknown_argument_names_it() {
        for line in ["dance", "test --dance", "ci dance", "heavy dance"] {
            assert!(read(line).is_err_and(|error| error.contains("dance")), "{line}");
        }
    }
}
