use std::time::Duration;

use battlement_core::CheckState;

use super::*;
use crate::{CheckKind, Runs};

/// Returns the report of a check that counts as `status`.
pub(in crate::service) fn check(name: &'static str, status: Status, reason: &str) -> CheckReport {
    let reason = reason.to_owned();
    let state = match status {
        Status::Pass => CheckState::pass(reason),
        Status::Degraded => CheckState::degraded(reason),
        Status::Fail => CheckState::fail(reason),
    };
    CheckReport {
        name: name.into(),
        kind: CheckKind::Check,
        status,
        state,
        critical: status == Status::Fail,
        age: Some(Duration::from_millis(3_700)),
        took: Some(Duration::from_micros(1_250)),
        runs: Runs::default(),
    }
}

/// Returns the report of an entry of the registry itself.
pub(in crate::service) fn own(kind: CheckKind, status: Status) -> CheckReport {
    let name = if kind == CheckKind::Ping { "ping" } else { "shutdown" };
    CheckReport { kind, age: None, took: None, critical: true, ..check(name, status, "") }
}

/// Returns the page of `/readyz` for `query`.
pub(in crate::service) fn page<'a>(
    checks: &'a [CheckReport],
    query: &'a Query<'a>,
    details: Details,
) -> Page<'a> {
    let process = Process::default();
    Page { label: "readyz", checks, extent: Extent::Probe, query, details, process }
}

/// Returns 50 checks whose names and reasons are as long as they can be, every fifth of which fails, the next degrades.
pub(in crate::service) fn many() -> Vec<CheckReport> {
    let statuses = [Status::Pass, Status::Pass, Status::Pass, Status::Degraded, Status::Fail];
    (0..50)
        .map(|at| {
            let reason = "\u{1}\"\\".repeat(1_000);
            let name = format!("{at:02}-{}", "n".repeat(61));
            CheckReport { name: name.into(), ..check("", statuses[at % 5], &reason) }
        })
        .collect()
}

#[test]
fn the_status_is_the_worst_of_the_checks_that_are_not_left_out() {
    let checks = [
        check("a", Status::Pass, ""),
        check("b", Status::Fail, ""),
        check("c", Status::Degraded, ""),
    ];
    for (query, status) in [
        ("", Status::Fail),
        ("exclude=b", Status::Degraded),
        ("exclude=b&exclude=c", Status::Pass),
        ("exclude=B&exclude=x", Status::Fail),
        ("exclude=a&exclude=b&exclude=c", Status::Pass),
    ] {
        let query = Query::parse(query);
        assert_eq!(page(&checks, &query, Details::Full).status(), status, "{query:?}");
    }
}

#[test]
fn a_check_is_not_left_out_of_its_own_page() {
    let checks = [check("a", Status::Fail, "")];
    let query = Query::parse("exclude=a");
    let page = Page { extent: Extent::Check, ..page(&checks, &query, Details::Full) };
    assert_eq!(page.status(), Status::Fail);
    assert_eq!(page.counted().count(), 1);
}

#[test]
fn a_reason_is_shown_with_full_details_alone_and_cut_between_characters() {
    let (short, long) =
        (check("a", Status::Fail, "down"), check("b", Status::Fail, &"é".repeat(300)));
    let odd = check("c", Status::Fail, &format!("x{}", "é".repeat(300)));
    let query = Query::default();
    let full = page(&[], &query, Details::Full);
    assert_eq!(full.reason(&short).as_deref(), Some("down"));
    assert_eq!(full.reason(&long).unwrap(), format!("{}…", "é".repeat(256)));
    assert_eq!(full.reason(&odd).unwrap(), format!("x{}…", "é".repeat(255)));
    assert_eq!(full.reason(&check("d", Status::Fail, "")), None);
    assert_eq!(full.reason(&check("d", Status::Fail, &"x".repeat(512))).unwrap().len(), 512);
    assert_eq!(page(&[], &query, Details::Public).reason(&short), None);
}

#[test]
fn unknown_names_are_quoted_sorted_and_bounded() {
    let checks = [check("a", Status::Pass, "")];
    let unknown = |query: &str| page(&checks, &Query::parse(query), Details::Public).unknown();
    assert_eq!(unknown(""), None);
    assert_eq!(unknown("exclude=a"), None);
    assert_eq!(unknown("exclude=z&exclude=a&exclude=b%0A").unwrap(), r#""b\n","z""#);
    let long = "%00".repeat(300);
    assert_eq!(unknown(&format!("exclude={long}&exclude=b")).unwrap(), "2 name(s)");
    let longest = "x".repeat(LONGEST_UNKNOWN - 2);
    assert_eq!(unknown(&format!("exclude={longest}")).unwrap(), format!("\"{longest}\""));
    assert_eq!(unknown(&format!("exclude={longest}x")).unwrap(), "1 name(s)");
    let bounded = unknown(&format!("exclude=b&exclude=c{long}&exclude=d")).unwrap();
    assert_eq!(bounded, r#""b" and 2 more"#);
    let names: Vec<_> = (100..400).map(|n| format!("exclude={n}")).collect();
    let many = unknown(&names.join("&")).unwrap();
    assert!(many.ends_with(r#","269" and 130 more"#), "{many}");
    assert!(many.len() < LONGEST_UNKNOWN + 20);
}
