//! Checks the project's own rules, which no other tool covers.

mod circles;
mod imports;
mod layers;
mod lengths;
mod manifests;
mod map;
mod modules;
mod summaries;
mod tokens;
mod voice;
mod words;

use std::fs;
use std::path::PathBuf;

use crate::Fallible;
use crate::step::Step;

/// A text file of the repository that git tracks or would track.
struct File {
    path: PathBuf,
    text: String,
}

/// A rule checks one file and returns a message for each violation.
type Rule = fn(&File) -> Vec<String>;

const RULES: &[Rule] = &[
    layers::broken,
    lengths::broken,
    manifests::broken,
    map::broken,
    modules::broken,
    summaries::broken,
    voice::broken,
    words::broken,
];

pub(super) fn check() -> Fallible {
    let files = files()?;
    let mut broken: Vec<_> = files.iter().flat_map(broken).collect();
    broken.extend(circles::broken(&files));
    println!("{} files checked", files.len());
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

fn broken(file: &File) -> Vec<String> {
    let messages = RULES.iter().flat_map(|rule| rule(file));
    messages.map(|message| format!("{}: {message}", file.path.display())).collect()
}

fn files() -> Fallible<Vec<File>> {
    let list = Step::parse("git ls-files --cached --others --exclude-standard").read()?;
    Ok(list.lines().filter_map(File::open).collect())
}

impl File {
    /// Reads a file; returns `None` if it is not text or was deleted without a commit.
    fn open(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        Some(Self { path: path.into(), text })
    }

    /// Returns each line with its number, starting at 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn is_named(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|own| own == name)
    }
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}
