//! The program at its start and at its end: its arguments, its environment, its listeners and its last log line.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    net::TcpListener,
    process::{Command, Output},
    time::Duration,
};

use process::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_payments");
const FREE: [(&str, &str); 2] =
    [("PAYMENTS_ADDR", "127.0.0.1:0"), ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0")];

fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(FREE).envs(settings.iter().copied());
    command.output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_port_in_use_is_reported_with_the_variable_that_sets_it() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = other.local_addr().unwrap().to_string();
    for variable in ["PAYMENTS_ADDR", "PAYMENTS_ADMIN_ADDR"] {
        let output = run(&[], &[(variable, &addr)]);
        let log = text(output.stdout);
        assert_eq!(output.status.code(), Some(1), "{log}");
        let last = log.lines().last().unwrap_or_default();
        let error = format!("stopped: cannot listen on {addr}; {variable} sets another address: ");
        assert!(last.contains(&error), "{log}");
    }
}

#[test]
fn localhost_and_a_port_alone_are_addresses() {
    for (text, ip) in [("localhost:0", "127.0.0.1"), (":0", "0.0.0.0")] {
        let process = Process::start(PROGRAM, &[FREE[1], ("PAYMENTS_ADDR", text)]);
        assert_eq!(process.addr.ip().to_string(), ip);
        drop(process.begin(b""));
    }
}

#[test]
fn an_address_that_is_not_understood_is_reported_with_the_accepted_forms() {
    let output = run(&[], &[("PAYMENTS_ADDR", "3000")]);
    let report = text(output.stderr);
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("PAYMENTS_ADDR: expected an IP address and a port"), "{report}");
    assert!(report.contains("such as 127.0.0.1:8080, localhost:8080 or :8080"), "{report}");
}

#[test]
fn a_misspelled_log_level_is_an_error_at_start() {
    for filter in ["debg", "info,debg", "payments=debg"] {
        let output = run(&[], &[("RUST_LOG", filter)]);
        let report = text(output.stderr);
        assert_eq!(output.status.code(), Some(78), "{report}");
        assert!(report.contains("RUST_LOG: expected levels"), "{report}");
    }
}

#[test]
fn a_format_of_the_log_that_does_not_exist_is_an_error_that_names_both_formats() {
    let output = run(&[], &[("PAYMENTS_LOG", "yaml")]);
    let report = text(output.stderr);
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("PAYMENTS_LOG: expected json or text"), "{report}");
}

#[test]
fn the_log_is_json_without_a_terminal_unless_text_is_asked_for() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = other.local_addr().unwrap().to_string();
    for (format, is_json) in [("", true), ("json", true), ("text", false)] {
        let output = run(&[], &[("PAYMENTS_LOG", format), ("PAYMENTS_ADDR", &addr)]);
        let log = text(output.stdout);
        assert!(log.contains("stopped: cannot listen on "), "{log}");
        let mut lines = log.lines().map(serde_json::from_str::<serde_json::Value>);
        assert!(lines.all(|line| line.is_ok() == is_json), "{log}");
    }
}

#[test]
fn a_target_of_the_program_is_a_log_filter() {
    Process::start(PROGRAM, &[&FREE[..], &[("RUST_LOG", "warn,payments")]].concat());
}

#[test]
fn help_lists_every_variable_with_its_default() {
    let output = run(&["--help"], &[]);
    let help = text(output.stdout);
    assert_eq!(output.status.code(), Some(0));
    let readme = include_str!("../README.md");
    for (variable, default) in [
        ("PAYMENTS_ADDR", "default: 127.0.0.1:3001"),
        ("PAYMENTS_ADMIN_ADDR", "default: 127.0.0.1:9091"),
        ("PAYMENTS_LIMIT_CENTS", "default: 100000"),
        ("PAYMENTS_REQUESTS_PER_MINUTE", "default: 6000"),
        ("PAYMENTS_TRUSTED_PEERS", "default: 127.0.0.0/8,::1"),
        ("PAYMENTS_IDEMPOTENCY_KEYS_MAX", "default: 100000"),
        ("PAYMENTS_IDEMPOTENCY_KEY_SECONDS", "default: 86400"),
        ("PAYMENTS_FAULTS", "default: false"),
        ("PAYMENTS_SHUTDOWN_DELAY_MS", "unset: 5000 in Kubernetes, otherwise 0"),
        ("PAYMENTS_DRAIN_MS", "default: 15000"),
        ("PAYMENTS_LOG", "unset: text if stdout is a terminal, otherwise json"),
        ("RUST_LOG", "default: info"),
    ] {
        let (_, setting) = help.split_once(&format!("\n  {variable}\n")).expect(variable);
        let setting = setting.split("\n\n").next().unwrap();
        assert!(setting.trim_end().ends_with(default), "{variable}: {setting}");
        assert!(
            readme.contains(&format!("| `{variable}` |")),
            "{variable} is missing in README.md"
        );
    }
    assert_eq!(help.matches("\n  ").count() - help.matches("\n    ").count(), 12);
}

#[test]
fn times_that_exceed_the_budget_of_a_shutdown_are_an_error_that_names_both_variables() {
    let output =
        run(&[], &[("PAYMENTS_SHUTDOWN_DELAY_MS", "10000"), ("PAYMENTS_DRAIN_MS", "20000")]);
    let report = text(output.stderr);
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("PAYMENTS_SHUTDOWN_DELAY_MS and PAYMENTS_DRAIN_MS: "), "{report}");
    assert!(report.contains("must be at least 35.5s, the sum of"), "{report}");
}

#[test]
fn an_unexpected_argument_is_an_error_that_names_help() {
    let output = run(&["--port=1"], &[]);
    assert_eq!(output.status.code(), Some(64));
    let report = text(output.stderr);
    assert!(report.contains("\"--port=1\"") && report.contains("--help"), "{report}");
}

#[test]
fn the_last_line_of_the_log_is_the_report_of_the_shutdown() {
    let process = Process::start(PROGRAM, &FREE);
    process.terminate();
    let (code, log) = process.ended_within(Duration::from_secs(20));
    assert_eq!(code, Some(0), "{log}");
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains("shutdown complete: received SIGTERM"), "{log}");
}
