//! The command line, read by hand: four commands and four options need no parser.

use crate::{check, heavy};

/// What was asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    Help,
    Test(Test),
    Ci(Ci),
    Heavy(Heavy),
    Browser { install: bool },
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Test {
    pub(crate) install: bool,
    /// What stands after `--`: for the runner as it is.
    pub(crate) runner: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ci {
    pub(crate) install: bool,
    /// Names of the checks to run; all of them if empty.
    pub(crate) only: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Heavy {
    pub(crate) install: bool,
    /// Names of the jobs to run; if empty, they are only listed.
    pub(crate) jobs: Vec<String>,
    /// How long each fuzz target runs.
    pub(crate) seconds: u32,
    /// How often the suite is repeated.
    pub(crate) times: u32,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { install: false, jobs: Vec::new(), seconds: 180, times: 10 }
    }
}

/// Reads the words after `cargo xtask`.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut words = words.into_iter();
    let Some(command) = words.next() else {
        return Ok(Task::Help);
    };
    let rest: Vec<String> = words.collect();
    if asks_for_help(&rest) {
        return Ok(Task::Help);
    }
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Task::Help),
        "test" => test(rest).map(Task::Test),
        "ci" => ci(rest).map(Task::Ci),
        "heavy" => heavy(rest).map(Task::Heavy),
        "browser" => browser(&rest),
        other => Err(unknown(other)),
    }
}

fn test(words: Vec<String>) -> Result<Test, String> {
    let mut options = Test::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--install" => options.install = true,
            "--" => options.runner = words.by_ref().collect(),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn ci(words: Vec<String>) -> Result<Ci, String> {
    let mut options = Ci::default();
    for word in words {
        match word.as_str() {
            "--install" => options.install = true,
            name if check::is_known(name) => options.only.push(word),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn heavy(words: Vec<String>) -> Result<Heavy, String> {
    let mut options = Heavy::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--install" => options.install = true,
            "--seconds" => options.seconds = count("--seconds", words.next())?,
            "--times" => options.times = count("--times", words.next())?,
            "all" => options.jobs.extend(heavy::names().map(String::from)),
            name if heavy::names().any(|known| known == name) => options.jobs.push(word),
            other => return Err(unknown(other)),
        }
    }
    Ok(options)
}

fn browser(words: &[String]) -> Result<Task, String> {
    match words {
        [] => Ok(Task::Browser { install: false }),
        [word] if word == "--install" => Ok(Task::Browser { install: true }),
        [word, ..] => Err(unknown(word)),
    }
}

fn count(option: &str, value: Option<String>) -> Result<u32, String> {
    value
        .and_then(|text| text.parse().ok())
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("{option} takes a whole number above 0"))
}

/// A `--help` behind `--` is the runner's.
fn asks_for_help(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h")
}

fn unknown(word: &str) -> String {
    format!("`{word}` is not known here; `cargo xtask --help` lists what is")
}

/// The help text; the tables are printed from what there is.
pub(crate) fn usage() -> String {
    format!(
        "\
cargo xtask test [--install] [-- ARGS]
    Runs every test (by nextest where it is there, else by cargo test) and every doctest.
    Says which servers and tools are missing and fails; --install installs them first, by
    apt-get or brew, without starting the services they bring.
    ARGS go to the runner as they are; doctests are then left out.

cargo xtask ci [--install] [CHECK ...]
    Runs every check a change must pass beside the tests, or the named ones:
{}
cargo xtask browser [--install]
    Opens the storefront's page in headless Chromium, as it is and with injected scripts.
    It is a check of `ci` as well.

cargo xtask heavy [--install] [--seconds N] [--times N] [JOB ... | all]
    Runs what takes too long for each change; without a name, lists it:
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
    fn nothing_and_help_in_any_place_ask_for_help() {
        for line in ["", "help", "--help", "test --help", "heavy fuzz -h"] {
            assert_eq!(read(line), Ok(Task::Help), "{line}");
        }
    }

    #[test]
    fn what_follows_two_dashes_goes_to_the_runner_untouched() {
        let runner = ["-p", "battlement-core", "--install", "--help"].map(String::from).to_vec();
        assert_eq!(
            read("test --install -- -p battlement-core --install --help"),
            Ok(Task::Test(Test { install: true, runner }))
        );
    }

    #[test]
    fn checks_are_taken_by_name() {
        let only = vec!["format".into(), "house".into()];
        assert_eq!(read("ci format house"), Ok(Task::Ci(Ci { install: false, only })));
    }

    #[test]
    fn the_browser_takes_no_names() {
        assert_eq!(read("browser --install"), Ok(Task::Browser { install: true }));
        assert!(read("browser firefox").is_err_and(|error| error.contains("firefox")));
    }

    #[test]
    fn all_means_every_job() {
        let Ok(Task::Heavy(options)) = read("heavy all --seconds 5") else {
            panic!("not read as heavy");
        };
        assert!(options.jobs.iter().map(String::as_str).eq(heavy::names()));
        assert_eq!(options.seconds, 5);
    }

    #[test]
    fn a_number_that_is_none_is_refused() {
        for line in ["heavy fuzz --seconds", "heavy fuzz --seconds soon", "heavy repeat --times 0"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn an_unknown_word_is_refused_by_name() {
        for line in ["dance", "test --dance", "ci dance", "heavy dance"] {
            assert!(read(line).is_err_and(|error| error.contains("dance")), "{line}");
        }
    }
}
