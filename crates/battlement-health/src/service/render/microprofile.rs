use super::{super::page::Page, bounded::Items, json::Object};
use crate::{CheckReport, Details, Status};

/// Writes the JSON of MicroProfile Health, which knows `UP` and `DOWN` alone: a check that is degraded is `UP`, and its
/// data says so.
pub(super) fn render(page: &Page<'_>) -> String {
    let checks = (Items::counted(page, |check| entry(page, check)), ['[', ']']);
    Object::new().text("status", word(page.status())).checks("checks", checks, "")
}

fn entry(page: &Page<'_>, check: &CheckReport) -> String {
    let is_shown = page.details == Details::Full || check.status == Status::Degraded;
    let data = is_shown.then(|| {
        let data = Object::new().text("state", check.status.as_str());
        data.text_of("reason", page.reason(check)).end()
    });
    let object = Object::new().text("name", &check.name).text("status", word(check.status));
    object.raw_of("data", data).end()
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass | Status::Degraded => "UP",
        Status::Fail => "DOWN",
    }
}
