use std::time::Duration;

use super::{
    super::{
        page::{Extent, Process, tests::*},
        query::Query,
    },
    *,
};
use crate::{CheckKind, CheckReport, Details, Status};

/// Returns the checks of a service whose database is down and whose cache is impaired.
fn checks() -> [CheckReport; 5] {
    [
        own(CheckKind::Ping, Status::Pass),
        check("redis", Status::Degraded, "falling back to local limits"),
        check("database", Status::Fail, "connection \"refused\"\n[+]fake ok"),
        check("disk", Status::Pass, "41 % used"),
        own(CheckKind::Shutdown, Status::Pass),
    ]
}

fn passing() -> [CheckReport; 2] {
    [own(CheckKind::Ping, Status::Pass), check("disk", Status::Pass, "41 % used")]
}

fn body(format: Format, page: &Page<'_>) -> String {
    String::from_utf8(render(format, page).to_vec()).unwrap()
}

fn text(checks: &[CheckReport], query: &str, details: Details) -> String {
    body(Format::Text, &page(checks, &Query::parse(query), details))
}

fn json(format: Format, checks: &[CheckReport], query: &str, details: Details) -> String {
    let json = body(format, &page(checks, &Query::parse(query), details));
    serde_json::from_str::<serde_json::Value>(&json).expect(&json);
    json
}

#[test]
fn the_text_of_a_probe_that_passes_is_that_of_the_api_server() {
    assert_eq!(text(&passing(), "", Details::Public), "ok");
    assert_eq!(text(&passing(), "exclude=nope", Details::Public), "ok");
    assert_eq!(
        text(&passing(), "verbose", Details::Public),
        "[+]ping ok\n[+]disk ok\nreadyz check passed\n"
    );
    assert_eq!(
        text(&passing(), "verbose&exclude=disk&exclude=x&exclude=a%22b", Details::Full),
        "[+]ping ok\n[+]disk excluded: ok\n\
         warn: some health checks cannot be excluded: no matches for \"a\\\"b\",\"x\"\n\
         readyz check passed\n"
    );
}

#[test]
fn the_text_of_a_probe_that_fails_is_that_of_the_api_server_and_lists_all_checks() {
    assert_eq!(
        text(&checks(), "", Details::Public),
        "[+]ping ok\n\
         [!]redis degraded: reason withheld\n\
         [-]database failed: reason withheld\n\
         [+]disk ok\n\
         [+]shutdown ok\n\
         readyz check failed\n"
    );
    assert_eq!(
        text(&checks(), "", Details::Full),
        "[+]ping ok\n\
         [!]redis degraded: falling back to local limits\n\
         [-]database failed: connection \"refused\"\\n[+]fake ok\n\
         [+]disk ok\n\
         [+]shutdown ok\n\
         readyz check failed\n"
    );
}

#[test]
fn a_probe_that_is_degraded_passes_and_lists_all_checks() {
    let expected = "[+]ping ok\n\
                    [!]redis degraded: reason withheld\n\
                    [+]database excluded: ok\n\
                    [+]disk ok\n\
                    [+]shutdown ok\n\
                    readyz check passed\n";
    assert_eq!(text(&checks(), "exclude=database", Details::Public), expected);
    assert_eq!(text(&checks(), "exclude=database&exclude=redis", Details::Public), "ok");
}

#[test]
fn the_text_of_one_check_is_that_of_the_api_server() {
    let query = Query::parse("exclude=a&verbose");
    let single = |status, details| {
        let checks = [check("a", status, "line one\r\nline\u{2028}two")];
        let page = Page { extent: Extent::Check, ..page(&checks, &query, details) };
        body(Format::Text, &page)
    };
    let shown = "line one\\r\\nline\\u{2028}two";
    assert_eq!(single(Status::Pass, Details::Full), "ok");
    assert_eq!(single(Status::Degraded, Details::Public), "degraded: reason withheld\n");
    assert_eq!(single(Status::Degraded, Details::Full), format!("degraded: {shown}\n"));
    assert_eq!(single(Status::Fail, Details::Public), "internal server error: reason withheld\n");
    assert_eq!(single(Status::Fail, Details::Full), format!("internal server error: {shown}\n"));
}

#[test]
fn health_json_has_the_words_of_the_draft() {
    assert_eq!(
        json(Format::Health, &checks(), "", Details::Public),
        r#"{"status":"fail","checks":{"ping":[{"status":"pass"}],"redis":[{"status":"warn"}],"database":[{"status":"fail"}],"disk":[{"status":"pass"}],"shutdown":[{"status":"pass"}]}}"#
    );
    assert_eq!(
        json(Format::Health, &checks()[..2], "", Details::Full),
        r#"{"status":"warn","checks":{"ping":[{"status":"pass","critical":true}],"redis":[{"status":"warn","output":"falling back to local limits","observedValue":1,"observedUnit":"ms","critical":false,"ageSeconds":3}]}}"#
    );
    assert_eq!(
        json(Format::Health, &checks()[2..4], "exclude=database", Details::Full),
        r#"{"status":"pass","checks":{"disk":[{"status":"pass","note":"41 % used","observedValue":1,"observedUnit":"ms","critical":false,"ageSeconds":3}]}}"#
    );
}

#[test]
fn health_json_has_the_facts_of_the_process_that_are_shown() {
    let checks = passing();
    let query = Query::default();
    let json = |process| {
        let page = Page { process, ..page(&checks[..1], &query, Details::Public) };
        body(Format::Health, &page)
    };
    let all = Process {
        version: Some("1.4.0-rc\"1\""),
        uptime: Some(Duration::from_millis(86_400_999)),
        pid: Some(7),
        draining: Some(true),
    };
    assert_eq!(
        json(all),
        r#"{"status":"pass","version":"1.4.0-rc\"1\"","uptimeSeconds":86400,"pid":7,"draining":true,"checks":{"ping":[{"status":"pass"}]}}"#
    );
    assert_eq!(
        json(Process { draining: Some(false), ..Process::default() }),
        r#"{"status":"pass","draining":false,"checks":{"ping":[{"status":"pass"}]}}"#
    );
}

#[test]
fn the_json_of_spring_is_up_while_the_service_is_degraded() {
    assert_eq!(
        json(Format::Spring, &checks(), "", Details::Public),
        r#"{"status":"DOWN","components":{"ping":{"status":"UP"},"redis":{"status":"DEGRADED"},"database":{"status":"DOWN"},"disk":{"status":"UP"},"shutdown":{"status":"UP"}}}"#
    );
    assert_eq!(
        json(Format::Spring, &checks()[1..4], "exclude=database", Details::Full),
        r#"{"status":"UP","components":{"redis":{"status":"DEGRADED","details":{"reason":"falling back to local limits"}},"disk":{"status":"UP","details":{"reason":"41 % used"}}}}"#
    );
}

#[test]
fn the_json_of_spring_tells_out_of_service_from_down() {
    let query = Query::default();
    for kind in [CheckKind::Shutdown, CheckKind::Gate, CheckKind::Hold] {
        let stopped = CheckReport { kind, ..check("a", Status::Fail, "") };
        let expected =
            r#"{"status":"OUT_OF_SERVICE","components":{"a":{"status":"OUT_OF_SERVICE"}}}"#;
        let checks = [stopped, check("b", Status::Fail, "")];
        let spring = |checks| body(Format::Spring, &page(checks, &query, Details::Public));
        assert_eq!(spring(&checks[..1]), expected);
        assert!(spring(&checks).starts_with(r#"{"status":"DOWN","components":{"a""#));
    }
    let heartbeat = [CheckReport { kind: CheckKind::Heartbeat, ..check("a", Status::Fail, "") }];
    let down = r#"{"status":"DOWN","components":{"a":{"status":"DOWN"}}}"#;
    assert_eq!(json(Format::Spring, &heartbeat, "", Details::Public), down);
}

#[test]
fn the_json_of_spring_names_its_groups_beside_all_checks_and_one_check_alone_has_no_component() {
    let (query, checks) = (Query::default(), [check("db", Status::Fail, "down")]);
    let spring = |extent| {
        let page = Page { extent, ..page(&checks, &query, Details::Full) };
        body(Format::Spring, &page)
    };
    let db = r#"{"status":"DOWN","details":{"reason":"down"}}"#;
    assert_eq!(spring(Extent::Check), db);
    assert_eq!(
        spring(Extent::All),
        format!(
            r#"{{"status":"DOWN","components":{{"db":{db}}},"groups":["liveness","readiness"]}}"#
        )
    );
}

#[test]
fn the_json_of_microprofile_is_up_while_the_service_is_degraded() {
    assert_eq!(
        json(Format::MicroProfile, &checks(), "", Details::Public),
        r#"{"status":"DOWN","checks":[{"name":"ping","status":"UP"},{"name":"redis","status":"UP","data":{"state":"degraded"}},{"name":"database","status":"DOWN"},{"name":"disk","status":"UP"},{"name":"shutdown","status":"UP"}]}"#
    );
    assert_eq!(
        json(Format::MicroProfile, &checks()[1..3], "exclude=database", Details::Full),
        r#"{"status":"UP","checks":[{"name":"redis","status":"UP","data":{"state":"degraded","reason":"falling back to local limits"}}]}"#
    );
}

const FORMATS: [Format; 4] = [Format::Text, Format::Health, Format::Spring, Format::MicroProfile];

#[test]
fn a_public_body_with_50_checks_lists_all_of_them() {
    let (checks, query) = (many(), Query::parse("verbose"));
    for format in FORMATS {
        let body = body(format, &page(&checks, &query, Details::Public));
        assert!(body.len() < MAX_BODY, "{format:?}: {} bytes", body.len());
        for check in &checks {
            assert!(body.contains(&*check.name), "{format:?}: {}", check.name);
        }
        assert!(!body.contains("left out") && !body.contains("omitted"), "{format:?}");
    }
}

#[test]
fn a_body_with_50_checks_and_their_reasons_has_those_that_fail_first_and_counts_the_rest() {
    let (checks, query) = (many(), Query::parse("verbose&exclude=x"));
    for format in FORMATS {
        let body = body(format, &page(&checks, &query, Details::Full));
        assert!(body.len() < MAX_BODY, "{format:?}: {} bytes", body.len());
        let position = |check: &CheckReport| body.find(&*check.name);
        let shown: Vec<_> =
            checks.iter().filter_map(|check| Some((position(check)?, check))).collect();
        let omitted = checks.len() - shown.len();
        assert!((1..50).contains(&omitted), "{format:?}");
        let ends = match format {
            Format::Text => body.ends_with(&format!("failed\nwarn: {omitted} checks left out\n")),
            _ => body.ends_with(&format!(",\"omitted\":{omitted}}}")),
        };
        assert!(ends, "{format:?}: {omitted} of {body}");
        let mut by_position = shown;
        by_position.sort_by_key(|(position, _)| *position);
        let failing = by_position.iter().take_while(|(_, check)| check.status == Status::Fail);
        let is_failing = |(_, check): &&(usize, &CheckReport)| check.status == Status::Fail;
        let in_order = failing.count() == by_position.iter().filter(is_failing).count();
        assert!(in_order, "{format:?}");
        if format != Format::Text {
            serde_json::from_str::<serde_json::Value>(&body).expect("JSON");
        }
    }
}

#[test]
fn a_body_grows_to_the_last_bytes_below_the_limit_before_a_check_is_left_out() {
    let query = Query::parse("verbose");
    for (format, extent) in [
        (Format::Text, Extent::Probe),
        (Format::Health, Extent::Probe),
        (Format::Spring, Extent::All),
        (Format::MicroProfile, Extent::Probe),
    ] {
        let longer_by = |bytes: usize| {
            let reason = |at: usize| "x".repeat(1 + bytes.saturating_sub(at * 500).min(500));
            let checks: Vec<_> = (0..30).map(|at| check("a", Status::Fail, &reason(at))).collect();
            body(format, &Page { extent, ..page(&checks, &query, Details::Full) })
        };
        let is_whole = |body: &str| !body.contains("left out") && !body.contains("omitted");
        let room = MAX_BODY - longer_by(0).len();
        let longest = longer_by(room - 2);
        assert!(is_whole(&longest) && longest.len() == MAX_BODY - 2, "{format:?}: {longest}");
        assert!(longer_by(room - 1).len() < MAX_BODY, "{format:?}");
        let over = longer_by(room);
        assert!(!is_whole(&over) && over.len() < MAX_BODY, "{format:?}: {over}");
    }
}
