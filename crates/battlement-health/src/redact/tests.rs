use proptest::prelude::*;

use super::*;

fn text(reason: &str) -> String {
    redacted(reason.to_owned().into()).into_owned()
}

#[test]
fn the_user_and_the_password_of_a_url_are_redacted() {
    for (reason, expected) in [
        ("redis://user:hunter2@cache:6379/0 refused", "redis://***@cache:6379/0 refused"),
        ("redis://:hunter2@cache", "redis://***@cache"),
        ("https://token@host/x", "https://***@host/x"),
        ("two: a://b:c@d e://f:g@h", "two: a://***@d e://***@h"),
        ("\"postgres://u:p@ss/w#?@db/x\"", "\"postgres://***@db/x\""),
        ("redis://a:b@c,redis://d:e@f", "redis://***@f"),
    ] {
        assert_eq!(text(reason), expected);
    }
}

#[test]
fn the_value_of_a_secret_key_is_redacted() {
    for (reason, expected) in [
        ("host=db password=hunter2 user=u", "host=db password=*** user=u"),
        ("PASSWORD = hunter2", "PASSWORD = ***"),
        ("Server=db;Pwd=hunter2;Database=x", "Server=db;Pwd=***;Database=x"),
        ("/?password=hunter2&x=y", "/?password=***&x=y"),
        ("password='hun \\' ter' user=u", "password=*** user=u"),
        ("{\"password\":\"hun\\\"ter\",\"x\":1}", "{\"password\":***,\"x\":1}"),
        ("Config { password: \"hunter2\" }", "Config { password: *** }"),
        ("PGPASSWORD=hunter2", "PGPASSWORD=***"),
        ("password='hunter2", "password=***"),
        ("passwd=a pwd=b passphrase=c client_secret=d access_token=e", {
            "passwd=*** pwd=*** passphrase=*** client_secret=*** access_token=***"
        }),
    ] {
        assert_eq!(text(reason), expected);
    }
}

#[test]
fn secrets_that_overlap_are_redacted_once() {
    assert_eq!(text("a://x:password=1@h?password=2 b"), "a://*** b");
}

#[test]
fn a_long_reason_is_cut_at_white_space_so_that_no_part_of_a_password_stays() {
    let words = "ä ".repeat(MAX / 3 - 2);
    let long = format!("{words}redis://user:{}@cache", "hunter2".repeat(100_000));
    let shown = text(&long);
    assert_eq!(shown, format!("{}{CUT}", words.trim_end()));
    assert_eq!(text(&"password=".repeat(100_000)), CUT);
    let quoted = format!("password='{}", "hunter2 ".repeat(1_000));
    assert_eq!(text(&quoted), format!("password=***{CUT}"));
}

#[test]
fn other_text_is_not_copied() {
    for reason in [
        "wrong password: access denied",
        "mail a@b",
        "see https://x.example/y",
        "password=",
        "://@h",
    ] {
        let reason = Cow::Borrowed(reason);
        assert!(matches!(redacted(reason.clone()), Cow::Borrowed(text) if text == reason));
    }
}

#[test]
fn every_kind_of_result_is_redacted() {
    let reason = "redis://user:hunter2@cache";
    for state in [CheckState::pass(reason), CheckState::degraded(reason), CheckState::fail(reason)]
    {
        let kind = state.as_str();
        let redacted = redact(state);
        assert_eq!((redacted.as_str(), redacted.reason()), (kind, "redis://***@cache"));
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_no_password_of_a_url_is_left(
        before in any::<String>(),
        user in "[a-z]{0,8}",
        secret in "[^\\s]{0,12}",
        after in any::<String>(),
    ) {
        let secret = format!("hunter2{secret}hunter2");
        let reason = format!("{before} redis://{user}:{secret}@cache {after}");
        let left = text(&reason);
        prop_assert!(!left.contains(&secret), "{left}");
    }

    #[test]
    fn no_value_of_a_password_is_left(
        before in any::<String>(),
        secret in "[^\\s;&\"']{0,12}",
        after in any::<String>(),
    ) {
        let secret = format!("hunter2{secret}");
        let left = text(&format!("{before} password={secret} {after}"));
        prop_assert!(!left.contains(&secret), "{left}");
    }
}
