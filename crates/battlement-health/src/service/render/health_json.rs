use super::{
    super::page::Page,
    json::{Object, members},
};
use crate::{CheckReport, Details, Status};

/// Writes health+json (draft-inadarei-api-health-check-06).
pub(super) fn render(page: &Page<'_>) -> String {
    let head = Object::new().text("status", word(page.status())).process(&page.process);
    head.checks("checks", members(page, |check| entry(page, check)), "")
}

/// Writes a check as the list of its measurements, which has one entry.
fn entry(page: &Page<'_>, check: &CheckReport) -> String {
    let object = Object::new().text("status", word(check.status));
    if page.details == Details::Public {
        return format!("[{}]", object.end());
    }
    // The draft reserves `output` for what went wrong.
    let reason = if check.status == Status::Pass { "note" } else { "output" };
    let millis = check.took.map(|took| took.as_millis());
    let object = object
        .text_of(reason, page.reason(check))
        .raw_of("observedValue", millis)
        .text_of("observedUnit", millis.map(|_| "ms"))
        .raw("critical", check.critical)
        .raw_of("ageSeconds", check.age.map(|age| age.as_secs()));
    format!("[{}]", object.end())
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Degraded => "warn",
        Status::Fail => "fail",
    }
}
