use battlement_shutdown::{InvalidField, Shutdown, ShutdownSettings, Stage, Times};

use crate::course::{hung, ms, shutdown};

fn error(settings: &str) -> String {
    let settings: ShutdownSettings = serde_json::from_str(settings).unwrap();
    Shutdown::try_from(settings).unwrap_err().to_string()
}

#[test]
fn every_invalid_time_is_reported_at_once() {
    let error = error(r#"{ "delay": "0s", "linger": "soon", "drain": "40s", "hooks": "0.5s" }"#);
    let parts = error.split("; ").collect::<Vec<_>>();
    assert_eq!(parts.len(), 4, "{error}");
    assert!(parts[0].starts_with("shutdown settings: linger: must be a duration"), "{error}");
    assert!(parts[1].starts_with("hooks: must be a duration"), "{error}");
    assert_eq!(parts[2], "drain: must be at most `budget`, 28s, got 40s");
    assert_eq!(
        parts[3],
        "budget: must be at least 45.5s, the sum of `delay` (0ns), `linger` (500ms), `drain` (40s) and `hooks` (5s), \
         got 28s"
    );
}

#[test]
fn an_unknown_setting_is_reported_by_name() {
    let error = serde_json::from_str::<ShutdownSettings>(r#"{ "grace": "1s" }"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `grace`"), "{error}");
}

#[test]
fn times_that_exceed_the_budget_are_returned_by_try_new() {
    let error = Shutdown::try_new(Times::new().delay(ms(0)).drain(ms(30_000))).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
    assert_eq!(fields, ["drain", "budget"]);
}

#[test]
#[should_panic(
    expected = "Shutdown: shutdown settings: drain: must be at most `budget`, 2s, got 3s"
)]
fn a_setter_that_exceeds_the_budget_panics() {
    let _ = shutdown().drain(ms(3_000));
}

#[test]
fn a_longer_budget_allows_longer_times() {
    let _ = shutdown().budget(ms(60_000)).drain(ms(50_000)).hooks(ms(9_000)).linger(ms(900));
}

#[tokio::test(start_paused = true)]
async fn the_times_of_a_file_are_those_of_the_phases() {
    let settings =
        r#"{ "delay": "1s", "linger": "2s", "drain": "3s", "hooks": "4s", "budget": "12s" }"#;
    let settings: ShutdownSettings = serde_json::from_str(settings).unwrap();
    let shutdown = Shutdown::try_from(settings).unwrap();
    shutdown.handle().hook(Stage::Flush, "hangs", hung);
    shutdown.handle().trigger("the test");
    let report = shutdown.run(hung()).await;
    let times = report.phases();
    assert_eq!(
        [times.unready, times.stopping, times.draining, times.hooks],
        [1_000, 2_000, 3_000, 4_000].map(|time| Some(ms(time)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_fails_the_shutdown_only_if_the_file_says_strict() {
    for (settings, code) in [(r#"{ "strict": true }"#, 1), ("{}", 0)] {
        let settings: ShutdownSettings = serde_json::from_str(settings).unwrap();
        let shutdown = Shutdown::try_from(settings).unwrap();
        let _socket = shutdown.handle().upgrade();
        shutdown.handle().trigger("the test");
        let report = shutdown.run(hung()).await;
        assert_eq!((report.cut_off().upgrades, report.code()), (1, code));
    }
}
