//! The program at its start and at its end: its arguments, its environment, its listeners and its last log line.
#![cfg(feature = "embedded")]

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    net::TcpListener,
    process::{Command, Output},
    time::Duration,
};

use process::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_storefront");
const FREE: [(&str, &str); 2] =
    [("STOREFRONT_ADDR", "127.0.0.1:0"), ("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0")];

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
    for variable in ["STOREFRONT_ADDR", "STOREFRONT_ADMIN_ADDR"] {
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
        let process = Process::start(PROGRAM, &[FREE[1], ("STOREFRONT_ADDR", text)]);
        assert_eq!(process.addr.ip().to_string(), ip);
        drop(process.begin(b""));
    }
}

#[test]
fn an_address_that_is_not_understood_is_reported_with_the_accepted_forms() {
    let output = run(&[], &[("STOREFRONT_ADDR", "3000")]);
    let report = text(output.stderr);
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("STOREFRONT_ADDR: expected an IP address and a port"), "{report}");
    assert!(report.contains("such as 127.0.0.1:8080, localhost:8080 or :8080"), "{report}");
}

#[test]
fn an_attempt_that_may_take_longer_than_its_call_is_an_error_that_names_both_variables() {
    for (call, attempt, most) in [("500", "501", 500), ("", "2001", 2000)] {
        let settings =
            [("STOREFRONT_UPSTREAM_TIMEOUT_MS", call), ("STOREFRONT_TRY_TIMEOUT_MS", attempt)];
        let output = run(&[], &settings);
        let report = text(output.stderr);
        assert_eq!(output.status.code(), Some(78), "{report}");
        let error = format!(
            "STOREFRONT_TRY_TIMEOUT_MS: expected at most {most} ms, which is \
             STOREFRONT_UPSTREAM_TIMEOUT_MS: "
        );
        assert!(report.contains(&error), "{report}");
    }
}

#[test]
fn a_misspelled_log_level_is_an_error_at_start() {
    for filter in ["debg", "info,debg", "storefront=debg"] {
        let output = run(&[], &[("RUST_LOG", filter)]);
        let report = text(output.stderr);
        assert_eq!(output.status.code(), Some(78), "{report}");
        assert!(report.contains("RUST_LOG: expected levels"), "{report}");
    }
}

#[test]
fn a_target_of_the_program_is_a_log_filter() {
    Process::start(PROGRAM, &[&FREE[..], &[("RUST_LOG", "warn,storefront")]].concat());
}

#[test]
fn help_lists_every_variable_with_its_default() {
    let output = run(&["--help"], &[]);
    let help = text(output.stdout);
    assert_eq!(output.status.code(), Some(0));
    let readme = include_str!("../README.md");
    for (variable, default) in [
        ("STOREFRONT_ADDR", "default: 127.0.0.1:3000"),
        ("STOREFRONT_ADMIN_ADDR", "default: 127.0.0.1:9090"),
        ("STOREFRONT_TRUSTED_PROXIES", "unset: no proxy is trusted"),
        ("STOREFRONT_PARTNERS", "unset: every customer is a guest"),
        ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "default: 300"),
        ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "default: 20"),
        ("STOREFRONT_PARTNER_ORDERS_PER_MINUTE", "default: 120"),
        ("REDIS_URL", "unset: each instance counts in its own memory"),
        ("STOREFRONT_LIMIT_KEY_SECRET", "unset: keys in Redis are hashed without a secret"),
        ("STOREFRONT_INSTANCES", "default: 2"),
        ("STOREFRONT_CONCURRENCY", "default: 256"),
        ("STOREFRONT_BUGS", "default: false"),
        ("STOREFRONT_DEADLINE_MS", "default: 3000"),
        ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "default: 2000"),
        (
            "STOREFRONT_TRY_TIMEOUT_MS",
            "unset: 900, or STOREFRONT_UPSTREAM_TIMEOUT_MS if that is less",
        ),
        ("STOREFRONT_HEALTH_INTERVAL_MS", "default: 10000"),
        ("STOREFRONT_SHUTDOWN_DELAY_MS", "unset: 5000 in Kubernetes, otherwise 0"),
        ("STOREFRONT_DRAIN_MS", "default: 15000"),
        ("PAYMENTS_URL", "unset: payments runs in this process"),
        ("INVENTORY_URL", "unset: inventory runs in this process"),
        ("STOREFRONT_LOG_CALLS", "default: false"),
        ("STOREFRONT_LOG", "unset: text if stdout is a terminal, otherwise json"),
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
    assert_eq!(help.matches("\n  ").count() - help.matches("\n    ").count(), 23);
}

#[test]
fn times_that_exceed_the_budget_of_a_shutdown_are_an_error_that_names_both_variables() {
    let output =
        run(&[], &[("STOREFRONT_SHUTDOWN_DELAY_MS", "10000"), ("STOREFRONT_DRAIN_MS", "20000")]);
    let report = text(output.stderr);
    assert_eq!(output.status.code(), Some(78), "{report}");
    assert!(report.contains("STOREFRONT_SHUTDOWN_DELAY_MS and STOREFRONT_DRAIN_MS: "), "{report}");
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
