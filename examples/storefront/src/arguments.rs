//! The arguments of the program. Settings are environment variables, so there are only two: `--help`, and `--probe` for
//! images without a shell.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    ffi::OsString,
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};

use battlement::health::probe;

use crate::env::Usage;

/// `EX_USAGE` of sysexits.h.
const INVALID_ARGUMENT: u8 = 64;

/// The time of a probe; the default of Kubernetes.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers the arguments, without the name of the program. Without any, the service is to start, and there is no answer.
pub fn answer(arguments: impl IntoIterator<Item = OsString>, usage: &Usage) -> Option<ExitCode> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let texts: Vec<_> = arguments.iter().map(|argument| argument.to_str()).collect();
    Some(match texts[..] {
        [] => return None,
        [Some("--help" | "-h")] => {
            // Fails if the reader has closed the pipe, as `head` does.
            let _ = write!(stdout(), "{usage}");
            ExitCode::SUCCESS
        }
        [Some("--probe"), Some(url)] => passes(url),
        [Some("--probe"), ..] => invalid("`--probe` must be followed by one URL"),
        _ => {
            let argument = &arguments[0];
            invalid(&format!(
                "unexpected argument {argument:?}; settings are environment variables"
            ))
        }
    })
}

/// Exits with 0 if the probe at `url` passes.
fn passes(url: &str) -> ExitCode {
    match probe(url, PROBE_TIMEOUT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn invalid(error: &str) -> ExitCode {
    eprintln!("{error}, see --help");
    ExitCode::from(INVALID_ARGUMENT)
}
