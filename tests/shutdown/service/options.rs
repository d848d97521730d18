use std::{env, time::Duration};

use battlement_shutdown::Times;

/// The options of the program. Times are in milliseconds.
pub(crate) struct Options {
    /// `delay=`, `linger=`, `drain=`, `hooks=`, `budget=`.
    pub(crate) times: Times,
    /// `start=`: the time of the work before the service listens.
    pub(crate) start: Duration,
    /// `strict=yes`.
    pub(crate) strict: bool,
    /// `returns=yes`: `main` returns the report, and the runtime waits for blocking tasks.
    pub(crate) returns: bool,
    /// `server=tonic`.
    pub(crate) server: ServerKind,
    /// `panics=`: the policy for panics.
    pub(crate) panics: Option<String>,
    /// `caught=`: a layer catches panics, and silences them `before` or `after` the policy is set.
    pub(crate) caught: Option<String>,
    /// `log=blocks`: the logger blocks at a report of lost work.
    pub(crate) log_blocks: bool,
    /// `hook=`: a hook of this kind.
    pub(crate) hook: Option<String>,
    /// `admin=thread`: the admin server has a thread of its own.
    pub(crate) admin_thread: bool,
}

pub(crate) enum ServerKind {
    Axum,
    Tonic,
}

impl Options {
    /// Reads the arguments.
    pub(crate) fn read() -> Self {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let pairs = arguments.iter().filter_map(|argument| argument.split_once('='));
        let text = |name: &str| pairs.clone().find(|pair| pair.0 == name).map(|pair| pair.1);
        let ms = |name, default| {
            let ms = text(name).map_or(default, |text| text.parse().expect("is a number"));
            Duration::from_millis(ms)
        };
        let times = Times::new().delay(ms("delay", 0)).linger(ms("linger", 100));
        Self {
            times: times
                .drain(ms("drain", 1_000))
                .hooks(ms("hooks", 1_000))
                .budget(ms("budget", 5_000)),
            start: ms("start", 0),
            strict: text("strict").is_some(),
            returns: text("returns").is_some(),
            panics: text("panics").map(str::to_owned),
            caught: text("caught").map(str::to_owned),
            log_blocks: text("log").is_some(),
            server: if text("server") == Some("tonic") {
                ServerKind::Tonic
            } else {
                ServerKind::Axum
            },
            hook: text("hook").map(str::to_owned),
            admin_thread: text("admin") == Some("thread"),
        }
    }
}
