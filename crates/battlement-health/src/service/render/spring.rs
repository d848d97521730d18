use super::{
    super::page::{Extent, Page},
    json::{Object, members},
};
use crate::{CheckKind, CheckReport, Status};

/// Writes the JSON of Spring Boot's actuator.
///
/// A service that is degraded is `UP`, since clients of this format compare the status with that word, and would take
/// every instance out of use at once. Its component is `DEGRADED`.
pub(super) fn render(page: &Page<'_>) -> String {
    if let (Extent::Check, [check]) = (page.extent, page.checks) {
        return component(page, check);
    }
    let head = Object::new().text("status", status(page));
    let groups = match page.extent {
        Extent::All => r#","groups":["liveness","readiness"]"#,
        _ => "",
    };
    head.checks("components", members(page, |check| component(page, check)), groups)
}

fn component(page: &Page<'_>, check: &CheckReport) -> String {
    let details = page.reason(check).map(|reason| Object::new().text("reason", &reason).end());
    Object::new().text("status", word(check)).raw_of("details", details).end()
}

/// Returns the status of a page: `DOWN` before `OUT_OF_SERVICE`, as Spring orders them.
fn status(page: &Page<'_>) -> &'static str {
    let has = |wanted: &str| page.counted().any(|check| word(check) == wanted);
    ["DOWN", "OUT_OF_SERVICE"].into_iter().find(|word| has(word)).unwrap_or("UP")
}

/// Returns the status of a check. A service that does not serve on purpose is not down.
const fn word(check: &CheckReport) -> &'static str {
    match (check.status, check.kind) {
        (Status::Pass, _) => "UP",
        (Status::Degraded, _) => "DEGRADED",
        (Status::Fail, CheckKind::Gate | CheckKind::Hold | CheckKind::Shutdown) => "OUT_OF_SERVICE",
        (Status::Fail, _) => "DOWN",
    }
}
