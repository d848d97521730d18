use anyhow::{Result, bail};

use crate::Case;

const USAGE: &str = "usage: compare [LAYER] [--check]
       run LAYER CASE base|layered REQUESTS";

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Prints the table of one layer, or of all layers.
    Compare {
        layer: Option<String>,
        /// Whether a missed bound is an error.
        check: bool,
    },
    /// Sends requests to one side of a case and does nothing else, for use under a profiler.
    Run { layer: String, case: String, side: Side, requests: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Base,
    Layered,
}

impl Command {
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Self> {
        let args: Vec<String> = args.collect();
        let (words, check) = match args.split_last() {
            Some((last, words)) if last == "--check" => (words, true),
            _ => (args.as_slice(), false),
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (words.as_slice(), check) {
            (["compare"], check) => Ok(Self::Compare { layer: None, check }),
            (["compare", layer], check) if !layer.starts_with('-') => {
                Ok(Self::Compare { layer: Some((*layer).to_owned()), check })
            }
            (["run", layer, case, side, requests], false) => Ok(Self::Run {
                layer: (*layer).to_owned(),
                case: (*case).to_owned(),
                side: Side::parse(side)?,
                requests: requests.parse()?,
            }),
            _ => bail!(USAGE),
        }
    }
}

impl Side {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "base" => Ok(Self::Base),
            "layered" => Ok(Self::Layered),
            _ => bail!(USAGE),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Layered => "layered",
        }
    }

    pub(crate) fn run(self, case: &Case, requests: u64) {
        match self {
            Self::Base => case.base.run(requests),
            Self::Layered => case.layered.run(requests),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_layer_and_the_check_are_optional() {
        for (line, layer, check) in [
            ("compare", None, false),
            ("compare --check", None, true),
            ("compare request-id", Some("request-id"), false),
            ("compare request-id --check", Some("request-id"), true),
        ] {
            let layer = layer.map(str::to_owned);
            assert_eq!(parse(line).unwrap(), Command::Compare { layer, check });
        }
    }

    #[test]
    fn other_command_lines_are_rejected() {
        for line in ["", "compare --what", "compare a b", "run a b c 1", "run a b base x --check"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
