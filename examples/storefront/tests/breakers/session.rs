//! The session of README.md that lets payments hang, by curl.

use std::process::Command;

use crate::{SETTINGS, payments::Payments, running::Storefront};

const README: &str = include_str!("../../README.md");

/// Returns the blocks of commands in the section on payments that hang, but for the one that starts the services.
fn session() -> String {
    let (_, section) = README.split_once("\n## Let payments hang\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let blocks: Vec<_> = blocks.filter(|block| !block.contains("cargo run")).collect();
    assert_eq!(blocks.len(), 2, "{blocks:?}");
    blocks.concat()
}

#[test]
fn the_session_of_the_readme_opens_the_breaker_and_closes_it() {
    let payments = Payments::start();
    // Those of the README, but for the limit of guests.
    let settings = [("PAYMENTS_URL", &*payments.url())];
    let shop = Storefront::start(&[&SETTINGS[..], &settings].concat());
    let script = session()
        .replace("localhost:3000", &shop.addr.to_string())
        .replace("localhost:9090", &shop.admin.to_string())
        .replace("localhost:9091", &payments.admin.to_string());
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    let output = shell.args(["-euc", &script]).current_dir(&folder).output().unwrap();
    let [output, errors] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    println!("{output}");
    // Each part of what README.md shows, in this order.
    let mut rest = &*output;
    for part in [
        "504 after ",
        "503 after ",
        "503 after 0.0",
        "503 after 0.0",
        r#""code":"circuit_open""#,
        "breaker=\"payments\",state=\"open\"} 1\n",
        "201 after ",
        "breaker=\"payments\",state=\"closed\"} 1\n",
        r#"{"charges":2,"orders":2}"#,
    ] {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("{part} is missing in {rest}: {output}{errors}")).1;
    }
}
