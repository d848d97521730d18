use std::fmt;

use super::{CutOff, Forced, HookError, HookFailure, LeakedGuard, PhaseTimes, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if let Some(forced) = self.forced {
            write!(f, "; {forced}")?;
        }
        if let Some(failure) = &self.server_failure {
            write!(f, "; {failure}")?;
        }
        write!(f, "; {}; {} answered", self.phases, count(self.answered, "request"))?;
        if self.cut_off != CutOff::default() {
            write!(f, "; cut off: {}", self.cut_off)?;
        }
        list(f, "; leaked guards: ", &self.leaked)?;
        list(f, "; hook errors: ", &self.hook_errors)
    }
}

impl fmt::Display for Forced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "exit forced by {signal}"),
            Self::Budget => f.write_str("exit forced at the end of the budget"),
        }
    }
}

impl fmt::Display for PhaseTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unready, stopping, draining, cut_off, hooks } = *self;
        let times = [
            ("unready", unready),
            ("stopping", stopping),
            ("draining", draining),
            ("cut off", cut_off),
            ("hooks", hooks),
        ];
        let entered = times.into_iter().filter_map(|(phase, time)| Some((phase, time?)));
        for (index, (phase, time)) in entered.enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{phase} {} ms", time.as_millis())?;
        }
        Ok(())
    }
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.requests, "request"),
            (self.event_streams, "event stream"),
            (self.upgrades, "upgraded connection"),
            (self.grpc_streams, "gRPC stream"),
        ];
        let mut parts: Vec<String> = counts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun))
            .collect();
        if self.connections {
            parts.push("connections without a request".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for LeakedGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, count } = self;
        if *count == 1 { f.write_str(name) } else { write!(f, "{name} ({count})") }
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, name, failure, after } = self;
        let (stage, after) = (stage.as_str(), after.as_millis());
        match failure {
            HookFailure::Failed(error) => {
                write!(f, "{stage}/{name} failed after {after} ms: {error}")
            }
            HookFailure::Panicked(message) => {
                write!(f, "{stage}/{name} panicked after {after} ms: {message}")
            }
            HookFailure::TimedOut => write!(f, "{stage}/{name} timed out after {after} ms"),
            HookFailure::Skipped => write!(f, "{stage}/{name} did not run"),
        }
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, title: &str, entries: &[T]) -> fmt::Result {
    for (index, entry) in entries.iter().enumerate() {
        let separator = if index == 0 { title } else { ", " };
        write!(f, "{separator}{entry}")?;
    }
    Ok(())
}

fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
