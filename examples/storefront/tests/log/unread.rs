//! A log whose reader has stopped: no request waits for it, and it is whole when the process ends.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use crate::{
    records,
    running::{guard::Guard, send},
};

/// Far more than a pipe holds, and fewer than the queue.
const REQUESTS: usize = 1_000;
/// Lines of health checks and of the shutdown, which are written at once, would wait for the reader.
const FILTER: &str = "off,storefront=info,battlement::access=info";

#[test]
fn a_stopped_reader_holds_up_no_request_and_gets_every_record_before_the_process_ends() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_storefront"));
    let addresses = ["STOREFRONT_ADDR", "STOREFRONT_ADMIN_ADDR"].map(|name| (name, "127.0.0.1:0"));
    program.env_clear().envs(addresses).env("RUST_LOG", FILTER).stdout(Stdio::piped());
    let (mut process, _guard) = Guard::spawn(&mut program).unwrap();
    let mut log = BufReader::new(process.stdout.take().unwrap());
    let mut lines = log.by_ref().lines().map(Result::unwrap);
    let listens = lines.find(|line| line.contains("storefront listens")).unwrap();
    let (_, addr) = listens.split_once("http://").unwrap();
    let addr = addr.split('"').next().unwrap().parse().unwrap();

    for _ in 0..REQUESTS {
        assert_eq!(send(addr, "GET", "/shop.css", &[], "").status, 200);
    }
    let kill = format!("kill -TERM {}", process.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(process.wait().unwrap().success(), "{rest}");
    let records = records(&rest);
    assert!(records.iter().all(|record| record["url.path"] == "/shop.css"));
    assert_eq!(records.len(), REQUESTS);
    assert!(!rest.contains("dropped_lines"), "{rest}");
}
