//! The variables with which systemd passes listeners, as `sd_listen_fds_with_names` reads them.

use std::fmt;

/// The most descriptors that are accepted: far more than a service has listeners, and few enough to look at each.
const MOST: usize = 1_024;
/// The name of a descriptor without a name.
const UNNAMED: &str = "unknown";
/// The longest name that systemd passes.
const LONGEST_NAME: usize = 255;

/// The values of `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variables<'a> {
    pub(crate) pid: Option<&'a str>,
    pub(crate) fds: Option<&'a str>,
    pub(crate) names: Option<&'a str>,
}

/// A variable that does not describe listeners.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    Pid(String),
    Fds(String),
    Name(String),
    /// The numbers of names and of descriptors differ.
    Names(usize, usize),
}

impl Variables<'_> {
    /// Returns the name of each descriptor, from descriptor 3 on: none if they were passed to another process.
    pub(crate) fn descriptors(self, process: u32) -> Result<Vec<String>, Invalid> {
        let (Some(pid), Some(fds)) = (self.pid, self.fds) else { return Ok(Vec::new()) };
        let pid = number::<u32>(pid).ok_or_else(|| Invalid::Pid(pid.to_owned()))?;
        if pid != process {
            // Inherited from a parent that got the listeners itself.
            return Ok(Vec::new());
        }
        let count = number::<usize>(fds).filter(|count| *count <= MOST);
        let count = count.ok_or_else(|| Invalid::Fds(fds.to_owned()))?;
        match self.names {
            Some(names) => split(names, count),
            None => Ok(vec![UNNAMED.to_owned(); count]),
        }
    }
}

/// Reads decimal digits, without a sign or spaces.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn split(names: &str, count: usize) -> Result<Vec<String>, Invalid> {
    // No descriptors have no names, but splitting always returns one.
    if count == 0 && names.is_empty() {
        return Ok(Vec::new());
    }
    let given = names.split(':').count();
    if given != count {
        return Err(Invalid::Names(given, count));
    }
    names.split(':').map(name).collect()
}

fn name(name: &str) -> Result<String, Invalid> {
    let is_printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_printable || name.len() > LONGEST_NAME {
        return Err(Invalid::Name(name.to_owned()));
    }
    Ok(if name.is_empty() { UNNAMED } else { name }.to_owned())
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(value) => write!(f, "`LISTEN_PID` must be a process id, got {value:?}"),
            Self::Fds(value) => {
                write!(f, "`LISTEN_FDS` must be a number from 0 to {MOST}, got {value:?}")
            }
            Self::Name(value) => write!(
                f,
                "`LISTEN_FDNAMES` must contain names of at most {LONGEST_NAME} printable ASCII characters, got {value:?}"
            ),
            Self::Names(names, fds) => write!(
                f,
                "`LISTEN_FDNAMES` must contain a name for each of the {fds} descriptors of `LISTEN_FDS`, got {names}"
            ),
        }
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: u32 = 4_711;

    fn descriptors(pid: &str, fds: &str, names: Option<&str>) -> Result<Vec<String>, Invalid> {
        Variables { pid: Some(pid), fds: Some(fds), names }.descriptors(OURS)
    }

    fn names(names: &[&str]) -> Result<Vec<String>, Invalid> {
        Ok(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn descriptors_have_the_names_of_their_sockets() {
        assert_eq!(descriptors("4711", "2", Some("public:admin")), names(&["public", "admin"]));
        assert_eq!(
            descriptors("4711", "2", Some("shop.socket:")),
            names(&["shop.socket", "unknown"])
        );
        assert_eq!(descriptors("4711", "2", None), names(&["unknown", "unknown"]));
    }

    #[test]
    fn a_process_without_the_variables_or_of_another_id_has_no_listeners() {
        assert_eq!(Variables::default().descriptors(OURS), Ok(Vec::new()));
        let without_fds = Variables { pid: Some("4711"), ..Variables::default() };
        assert_eq!(without_fds.descriptors(OURS), Ok(Vec::new()));
        let without_pid = Variables { fds: Some("1"), ..Variables::default() };
        assert_eq!(without_pid.descriptors(OURS), Ok(Vec::new()));
        assert_eq!(descriptors("4712", "1", None), Ok(Vec::new()));
        // Not read at all, since another process may have been given other rules.
        assert_eq!(descriptors("4712", "many", Some("a:b:c")), Ok(Vec::new()));
        assert_eq!(descriptors("4711", "0", Some("")), Ok(Vec::new()));
    }

    #[test]
    fn invalid_variables_are_named_with_their_value() {
        let text = |pid, fds, names| descriptors(pid, fds, names).unwrap_err().to_string();
        assert_eq!(text("me", "1", None), "`LISTEN_PID` must be a process id, got \"me\"");
        for fds in ["", "-1", "+1", " 1", "1025", "18446744073709551616"] {
            let expected = format!("`LISTEN_FDS` must be a number from 0 to 1024, got {fds:?}");
            assert_eq!(text("4711", fds, None), expected);
        }
        assert!(
            text("4711", "2", Some("public")).ends_with("2 descriptors of `LISTEN_FDS`, got 1")
        );
        assert!(text("4711", "1", Some("a:b")).ends_with("1 descriptors of `LISTEN_FDS`, got 2"));
        assert!(text("4711", "0", Some("a")).ends_with("0 descriptors of `LISTEN_FDS`, got 1"));
        assert!(text("4711", "1", Some("a\nb")).ends_with("characters, got \"a\\nb\""));
        assert!(descriptors("4711", "1", Some(&"x".repeat(255))).is_ok());
        assert!(descriptors("4711", "1", Some(&"x".repeat(256))).is_err());
    }

    proptest! {
        #[test]
        fn names_are_read_as_they_were_written(
            given in prop::collection::vec("[ -9;-~]{1,255}", 1..20)
        ) {
            let count = given.len().to_string();
            prop_assert_eq!(descriptors("4711", &count, Some(&given.join(":"))), Ok(given));
        }

        #[test]
        fn arbitrary_variables_never_yield_more_than_they_say(
            pid in prop::option::of("4711|[0-9]{0,12}|\\PC{0,9}"),
            fds in prop::option::of("[0-9]{0,5}|\\PC{0,9}"),
            names in prop::option::of("[a-c:]{0,12}|\\PC{0,20}"),
        ) {
            let variables =
                Variables { pid: pid.as_deref(), fds: fds.as_deref(), names: names.as_deref() };
            if let Ok(found) = variables.descriptors(OURS) {
                let is_ours = pid.and_then(|pid| pid.parse().ok()) == Some(OURS);
                let count = fds.and_then(|fds| fds.parse().ok()).unwrap_or_default();
                prop_assert_eq!(found.len(), if is_ours { count } else { 0 });
            }
        }
    }
}
