use std::fmt::Write as _;

use super::{
    super::page::{Extent, Page},
    bounded::{Fitted, Items},
};
use crate::{CheckReport, Status};

/// Writes the text of the Kubernetes API server.
///
/// Its answer to a probe that passes is `ok`, unless the query has `verbose`; any other answer lists all checks. A
/// degraded check, which the API server does not have, is `[!]`.
pub(super) fn render(page: &Page<'_>) -> String {
    let status = page.status();
    if let (Extent::Check, [check]) = (page.extent, page.checks) {
        return single(page, check);
    }
    if status == Status::Pass && !page.query.is_verbose {
        return "ok".to_owned();
    }
    let (mut tail, label) = (String::new(), page.label);
    if let Some(names) = page.unknown() {
        let _ =
            writeln!(tail, "warn: some health checks cannot be excluded: no matches for {names}");
    }
    let verb = if status == Status::Fail { "failed" } else { "passed" };
    let _ = writeln!(tail, "{label} check {verb}");
    let Fitted { items, omitted } = Items::all(page, |check| line(page, check)).fit(tail.len());
    let mut text = items.iter().fold(String::new(), |text, line| text + line + "\n");
    text.push_str(&tail);
    if omitted > 0 {
        let _ = writeln!(text, "warn: {omitted} checks left out");
    }
    text
}

/// Writes the answer for one check.
fn single(page: &Page<'_>, check: &CheckReport) -> String {
    let reason = reason(page, check);
    match check.status {
        Status::Pass => "ok".to_owned(),
        Status::Degraded => format!("degraded: {reason}\n"),
        // The words of the API server, although the status is 503.
        Status::Fail => format!("internal server error: {reason}\n"),
    }
}

fn line(page: &Page<'_>, check: &CheckReport) -> String {
    let name = &check.name;
    match check.status {
        _ if page.excludes(check) => format!("[+]{name} excluded: ok"),
        Status::Pass => format!("[+]{name} ok"),
        Status::Degraded => format!("[!]{name} degraded: {}", reason(page, check)),
        Status::Fail => format!("[-]{name} failed: {}", reason(page, check)),
    }
}

/// Returns the reason in one line, so that none can look like the line of another check.
fn reason(page: &Page<'_>, check: &CheckReport) -> String {
    let Some(reason) = page.reason(check) else { return "reason withheld".to_owned() };
    let is_line_end = |char: char| matches!(char, '\u{2028}' | '\u{2029}');
    let mut line = String::with_capacity(reason.len());
    for char in reason.chars() {
        if char.is_control() || is_line_end(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}
