//! The deliberate differences from Helmet, each of which the migration page lists.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use std::{collections::BTreeSet, fs, path::Path};

use battlement_security_headers::{SecurityHeadersLayer, SecurityHeadersSettings};
use http::Response;
use serde_json::{Value, json};

use crate::answering::{answer, http};

/// Returns Helmet 8's responses to options that this crate interprets differently.
fn recorded() -> Vec<Value> {
    serde_json::from_str(include_str!("helmet/differences.json")).unwrap()
}

#[tokio::test]
async fn deliberate_differences_from_helmet_hold() {
    for case in recorded() {
        let options = &case["options"];
        let ours = match layer(options) {
            Ok(layer) => headers(&layer).await,
            Err(_) => Value::Null,
        };
        assert_ne!(ours, case["headers"], "{}: {options}", case["difference"]);
    }
}

/// The rows of what is sent, and the test of each.
const SENT: [(&str, &str, &str); 8] = [
    (
        "`Strict-Transport-Security` over http",
        "answers.rs",
        "hsts_and_upgrades_are_for_https_or_for_always",
    ),
    ("`Server`", "answers.rs", "headers_that_name_the_program_are_removed_and_more_if_configured"),
    ("the first invalid option", "settings.rs", "every_invalid_option_is_reported_at_once"),
    ("enforced and report-only policies", "values.rs", "trials_stand_beside_what_is_enforced"),
    (
        "`Permissions-Policy`, `Reporting-Endpoints`, `Clear-Site-Data`, `Cache-Control`",
        "settings.rs",
        "options_that_helmet_lacks_are_accepted",
    ),
    (
        "a response whose nonce was read",
        "nonce.rs",
        "a_nonce_that_was_read_stands_in_the_policy_and_the_answer_is_not_stored",
    ),
    (
        "a policy with a nonce on a `304`",
        "nonce.rs",
        "the_answer_that_a_page_is_unchanged_has_no_policy_to_replace_the_page_s",
    ),
    ("responses to gRPC requests", "answers.rs", "a_grpc_answer_gets_what_means_something_there"),
];

#[test]
fn the_migration_page_lists_every_difference_that_is_tested_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../../docs/migrate/helmet.md")).unwrap();
    let (_, differences) = page.split_once("## What differs on purpose").unwrap();
    let rows = differences.lines().filter_map(|line| line.strip_prefix("| "));
    let rows: BTreeSet<_> = rows
        .map(|row| row.split(" | ").next().unwrap().to_owned())
        .filter(|row| !row.starts_with("| ") && !row.is_empty())
        .collect();
    let sent = SENT.iter().map(|(row, ..)| (*row).to_owned());
    let recorded = recorded();
    let in_options = recorded.iter().map(|case| case["difference"].as_str().unwrap().to_owned());
    assert_eq!(rows, sent.chain(in_options).collect());
    for (row, file, test) in SENT {
        let source = fs::read_to_string(root.join("tests").join(file)).unwrap();
        assert!(source.contains(&format!("fn {test}()")), "{row}: {test} is not in {file}");
    }
}

fn layer(options: &Value) -> Result<SecurityHeadersLayer, String> {
    let settings: SecurityHeadersSettings =
        serde_json::from_value(options.clone()).map_err(|error| error.to_string())?;
    SecurityHeadersLayer::try_from(settings).map_err(|error| error.to_string())
}

async fn headers(layer: &SecurityHeadersLayer) -> Value {
    let headers = answer(layer, http(), |_| Response::new("")).await;
    headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect()
}
