use std::fmt;

/// An error reply of the server, without the words that may contain a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The first word, such as `READONLY`.
    code: String,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Credentials,
    NoCredentials,
    NeedlessPassword,
    Command,
    UnknownCommand,
    Key,
    Clock,
    Database,
    Replica,
    Memory,
    Loading,
    Persistence,
    Busy,
    ClusterDown,
    Clients,
    Protected,
    Other,
}

impl Refusal {
    pub(super) const KINDS: usize = ALL.len();

    /// Reads the line of an error reply, without its first byte.
    pub(super) fn of_line(line: &str) -> Self {
        let code = line.split(' ').next().unwrap_or_default();
        Self { code: safe(code), cause: Cause::of_line(code, line) }
    }

    /// Reads the code that the script returns for one of its keys.
    pub(crate) fn of_script(code: &str) -> Self {
        let cause = match Cause::of_line(code, code) {
            // Within the script, other errors without a specific code are about commands.
            Cause::Other if code == "ERR" || code == "NOPERM" => Cause::Command,
            cause => cause,
        };
        Self { code: safe(code), cause }
    }

    /// Returns whether the user lacks a permission.
    pub(crate) fn is_about_permission(&self) -> bool {
        self.code == "NOPERM" || self.code == "NOAUTH"
    }

    pub(super) const fn kind(&self) -> usize {
        self.cause as usize
    }

    pub(super) const fn fix(&self) -> &'static str {
        self.cause.texts().1
    }
}

/// Returns a code that is safe to log: a word in upper case, as the codes of Redis are.
fn safe(code: &str) -> String {
    let is_code =
        (1..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { code.to_owned() } else { "ERR".to_owned() }
}

/// The text and the fix of each cause, in the order of the variants.
const ALL: [(Cause, &str, &str); 17] = [
    (
        Cause::Credentials,
        "the server rejected the user name or password",
        "check the user name and the password in `url`; the characters `@ # / % ?` must be percent-encoded there",
    ),
    (
        Cause::NoCredentials,
        "the server requires a password",
        "add a password to `url`: redis://user:password@host:6379/",
    ),
    (
        Cause::NeedlessPassword,
        "the server has no password, and `url` contains one",
        "remove the password from `url`, or set one in the server (`requirepass`)",
    ),
    (
        Cause::Command,
        "the user may not run a command that rate limits need",
        "grant +get +set +del +time +eval +evalsha +ping, on a cluster also +cluster|slots +asking, and undo `rename-command`",
    ),
    (
        Cause::UnknownCommand,
        "the server does not know a command that rate limits need",
        "undo `rename-command` for EVAL, EVALSHA, TIME, GET, SET and DEL, or use a server with Lua scripts",
    ),
    (
        Cause::Key,
        "the user may not access the keys of rate limits",
        "grant access to the keys that begin with `prefix`, such as ~rl:*",
    ),
    (
        Cause::Clock,
        "the server does not allow TIME within scripts",
        "grant +time to the user; some managed servers never allow it and cannot be used",
    ),
    (
        Cause::Database,
        "the server does not have the database number",
        "use a smaller number at the end of `url`; a cluster has only database 0",
    ),
    (Cause::Replica, "the server is a read-only replica", "connect to the primary"),
    (
        Cause::Memory,
        "the server is out of memory",
        "raise `maxmemory`, or set `maxmemory-policy volatile-ttl`",
    ),
    (
        Cause::Loading,
        "the server is loading its data or waits for its primary",
        "wait until the server is ready",
    ),
    (
        Cause::Persistence,
        "the server rejects writes, since they cannot be persisted or replicated",
        "check the disk and the replicas of the server",
    ),
    (Cause::Busy, "the server is busy with a script", "end the script with SCRIPT KILL"),
    (
        Cause::ClusterDown,
        "the cluster does not serve the slot",
        "check CLUSTER INFO; a slot may be without a node",
    ),
    (
        Cause::Clients,
        "the server has reached its maximum number of clients",
        "raise `maxclients`, or close connections that are not used",
    ),
    (
        Cause::Protected,
        "the server accepts only local clients",
        "set a password in the server, or turn off `protected-mode`",
    ),
    (Cause::Other, "the server replied with an error", "check the log of the server"),
];

impl Cause {
    fn of_line(code: &str, line: &str) -> Self {
        match code {
            "WRONGPASS" => Self::Credentials,
            "NOAUTH" => Self::NoCredentials,
            "NOPERM" if line.contains(" key") => Self::Key,
            "NOPERM" if line.contains(" command") => Self::Command,
            "READONLY" => Self::Replica,
            "OOM" => Self::Memory,
            "LOADING" | "MASTERDOWN" => Self::Loading,
            "MISCONF" | "NOREPLICAS" => Self::Persistence,
            "BUSY" => Self::Busy,
            "CLUSTERDOWN" => Self::ClusterDown,
            "DENIED" => Self::Protected,
            "ERR" => Self::of_text(line),
            _ => Self::Other,
        }
    }

    /// Reads the text of an error with the generic code `ERR`.
    fn of_text(line: &str) -> Self {
        let has = |words: &str| line.contains(words);
        match () {
            () if has("invalid password") => Self::Credentials,
            () if has("AUTH") && (has("without any password") || has("no password")) => {
                Self::NeedlessPassword
            }
            () if has("DB index") || has("SELECT is not allowed") => Self::Database,
            () if has("max number of clients") => Self::Clients,
            () if has("unknown command") => Self::UnknownCommand,
            // `TIME` is the only command whose errors the script does not catch.
            () if has("allowed from script")
                || has("can't run this command")
                || has("non deterministic")
                || has("Unknown Redis command") =>
            {
                Self::Clock
            }
            () => Self::Other,
        }
    }

    /// Returns the text and the fix.
    const fn texts(self) -> (&'static str, &'static str) {
        let (_, text, fix) = ALL[self as usize];
        (text, fix)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cause.texts().0, self.code)
    }
}

#[cfg(test)]
impl Refusal {
    /// Returns one of each cause.
    pub(super) fn examples() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(cause, ..)| Self { code: "ERR".to_owned(), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_redis_are_read_for_their_cause() {
        for (line, cause) in [
            ("WRONGPASS invalid username-password pair or user is disabled.", Cause::Credentials),
            ("ERR invalid password", Cause::Credentials),
            ("NOAUTH Authentication required.", Cause::NoCredentials),
            (
                "ERR AUTH <password> called without any password configured for the default user.",
                Cause::NeedlessPassword,
            ),
            ("ERR Client sent AUTH, but no password is set", Cause::NeedlessPassword),
            ("NOPERM this user has no permissions to run the 'evalsha' command", Cause::Command),
            ("NOPERM User limits has no permissions to run the 'eval' command", Cause::Command),
            (
                "NOPERM this user has no permissions to access one of the keys used as arguments",
                Cause::Key,
            ),
            (
                "ERR unknown command 'EVALSHA', with args beginning with: 'abc'",
                Cause::UnknownCommand,
            ),
            (
                "ERR The user executing the script can't run this command or subcommand script: 57c, on @user_script:31.",
                Cause::Clock,
            ),
            (
                "ERR This Redis command is not allowed from script script: 53a, on @user_script:31.",
                Cause::Clock,
            ),
            (
                "ERR Error running script: Write commands not allowed after non deterministic commands",
                Cause::Clock,
            ),
            ("ERR DB index is out of range", Cause::Database),
            ("ERR SELECT is not allowed in cluster mode", Cause::Database),
            ("READONLY You can't write against a read only replica.", Cause::Replica),
            ("OOM command not allowed when used memory > 'maxmemory'.", Cause::Memory),
            ("LOADING Redis is loading the dataset in memory", Cause::Loading),
            ("MISCONF Redis is configured to save RDB snapshots", Cause::Persistence),
            ("CLUSTERDOWN Hash slot not served", Cause::ClusterDown),
            ("ERR max number of clients reached", Cause::Clients),
            ("DENIED Redis is running in protected mode", Cause::Protected),
            ("WRONGTYPE Operation against a key", Cause::Other),
        ] {
            assert_eq!(Refusal::of_line(line).cause, cause, "{line}");
        }
        assert_eq!(Refusal::of_script("ERR").cause, Cause::Command);
        assert_eq!(Refusal::of_script("OOM").cause, Cause::Memory);
        assert_eq!(Refusal::of_script("WRONGTYPE").cause, Cause::Other);
    }

    #[test]
    fn the_texts_are_in_the_order_of_the_causes() {
        assert!(ALL.iter().enumerate().all(|(nth, (cause, ..))| *cause as usize == nth));
    }

    #[test]
    fn no_word_of_a_reply_but_its_code_is_shown() {
        let shown = |line| Refusal::of_line(line).to_string();
        assert_eq!(shown("READONLY s3cret"), "the server is a read-only replica (READONLY)");
        assert!(!shown("s3cret").contains("s3cret") && !shown("ERR s3cret").contains("s3cret"));
    }
}
