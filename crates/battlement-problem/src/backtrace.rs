//! The frames of the program in a backtrace.

use std::{backtrace::Backtrace, env, fmt};

/// The most frames of one backtrace in the log. Generic code may leave frames of libraries among them.
const MAX_FRAMES: usize = 16;

/// Crates that surround the code of a service in every backtrace.
const LIBRARIES: &[&str] = &[
    "alloc",
    "axum",
    "axum_core",
    "core",
    "futures_core",
    "futures_executor",
    "futures_util",
    "h2",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "matchit",
    "std",
    "tokio",
    "tokio_stream",
    "tokio_util",
    "tonic",
    "tower",
    "tower_http",
    "tower_layer",
    "tower_service",
    "tracing",
];

/// Source folders of the standard library and of dependencies.
const FOLDERS: &[&str] = &["/rustc/", "/registry/src/", "/git/checkouts/"];

/// Displays a backtrace without the frames of libraries. `RUST_BACKTRACE=full` displays all.
#[derive(Debug)]
pub(crate) struct ProgramFrames<'a>(pub(crate) &'a Backtrace);

impl fmt::Display for ProgramFrames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let full = env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full");
        if full { f.write_str(&text) } else { write(f, &frames(&text)) }
    }
}

/// A function in a backtrace.
#[derive(Debug, Default)]
struct Frame<'a> {
    /// The lines as they are displayed: the function, and its location if it is known.
    lines: Vec<&'a str>,
    symbol: &'a str,
}

fn frames(text: &str) -> Vec<Frame<'_>> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    for line in text.lines() {
        if let Some((number, symbol)) = line.trim_start().split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            frames.push(Frame { lines: vec![line], symbol });
        } else if let Some(frame) = frames.last_mut() {
            frame.lines.push(line);
        }
    }
    frames
}

fn write(f: &mut impl fmt::Write, frames: &[Frame<'_>]) -> fmt::Result {
    let of_program = |frame: &&Frame<'_>| !frame.is_of_library();
    let shown: Vec<_> = match frames.iter().filter(of_program).take(MAX_FRAMES).collect() {
        // A program without symbols.
        shown if Vec::is_empty(&shown) => frames.iter().take(MAX_FRAMES).collect(),
        shown => shown,
    };
    for line in shown.iter().flat_map(|frame| &frame.lines) {
        write!(f, "\n{line}")?;
    }
    match frames.len() - shown.len() {
        0 => Ok(()),
        omitted => write!(f, "\n  {omitted} more frames; RUST_BACKTRACE=full logs all"),
    }
}

impl Frame<'_> {
    fn is_of_library(&self) -> bool {
        self.lines.iter().skip(1).any(|line| FOLDERS.iter().any(|folder| line.contains(folder)))
            || crates(self.symbol).all(is_library)
    }
}

/// Returns the first segment of each path in a symbol.
fn crates(symbol: &str) -> impl Iterator<Item = &str> {
    let is_path = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    symbol
        .split(move |character| !is_path(character))
        .filter_map(|path| path.split_once("::"))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty())
}

fn is_library(name: &str) -> bool {
    LIBRARIES.contains(&name) || name.starts_with("battlement_") || name.starts_with("__rust")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut shown = String::new();
        write(&mut shown, &frames(text)).expect("a string accepts every text");
        shown
    }

    #[test]
    fn only_frames_of_the_program_are_shown() {
        let text =
            "   0: battlement_problem::problem::build::<impl battlement_problem::Problem>::source
   1: <core::result::Result<T,F> as core::ops::FromResidual<core::result::Result<E>>>::from_residual
   2: shop::routes::error::{{closure}}
             at ./src/routes.rs:14:5
   3: <F as axum::handler::Handler<((),),S>>::call::{{closure}}
   4: <shop::Counted<S> as tower_service::Service<R>>::call
   5: sqlx_core::query::execute
             at /root/.cargo/registry/src/sqlx-core-0.8.0/src/query.rs:7:1
   6: start_thread
             at ./nptl/pthread_create.c:442:8
";
        let expected = "
   2: shop::routes::error::{{closure}}
             at ./src/routes.rs:14:5
   4: <shop::Counted<S> as tower_service::Service<R>>::call
  5 more frames; RUST_BACKTRACE=full logs all";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn a_backtrace_of_any_length_and_kind_is_bounded() {
        for symbol in ["shop::recurse", "<unknown>", "tokio::runtime::task::raw::poll"] {
            let text: String = (0..300).map(|number| format!("{number:4}: {symbol}\n")).collect();
            let shown = shown(&text);
            assert_eq!(shown.matches(symbol).count(), MAX_FRAMES, "{shown}");
            assert!(shown.ends_with("284 more frames; RUST_BACKTRACE=full logs all"), "{shown}");
        }
    }

    #[test]
    fn a_backtrace_of_the_program_alone_is_shown_whole() {
        assert_eq!(shown("   0: shop::main\n"), "\n   0: shop::main");
        assert_eq!(shown(""), "");
    }
}
