//! The session of README.md that reads the log, by curl and jq.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use crate::{payments::Payments, running::Storefront, shown};

const README: &str = include_str!("../../README.md");
/// The time between two readings of a log.
const PAUSE: Duration = Duration::from_millis(50);
/// Far more readings than the last lines of a request take.
const READINGS: u32 = 400;

/// Returns the commands of the section on the log, but for those that start the services, each with the output that
/// README.md shows.
fn session() -> Vec<(String, Option<String>)> {
    let (_, section) = README.split_once("\n## Read the log\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut commands: Vec<(String, Option<String>)> = Vec::new();
    for block in section.split("```").skip(1).step_by(2) {
        match block.split_once('\n').unwrap() {
            ("sh", command) => commands.push((command.to_owned(), None)),
            ("text", output) => commands.last_mut().unwrap().1 = Some(output.to_owned()),
            other => panic!("{other:?}"),
        }
    }
    commands.retain(|(command, _)| !command.contains("cargo run"));
    commands
}

fn run(command: &str, folder: &Path) -> String {
    let output = Command::new("sh").args(["-euc", command]).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{command}: {}", text.concat());
    text[0].clone()
}

#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    let mut payments = Payments::start();
    let url = payments.url();
    // With the limits that apply if none is set.
    let limits = ["STOREFRONT_UPSTREAM_TIMEOUT_MS", "STOREFRONT_TRY_TIMEOUT_MS"];
    let limits = limits.into_iter().chain(["STOREFRONT_DEADLINE_MS"]).map(|name| (name, ""));
    let settings = [("PAYMENTS_URL", &*url), ("STOREFRONT_LOG", "json")];
    let settings: Vec<_> = limits.chain(settings).collect();
    let mut shop = Storefront::start(&settings);
    let folder = tempfile::tempdir().unwrap();
    let mut questions = 0;
    for (command, shown) in session() {
        let command = command
            .replace("localhost:3000", &shop.addr.to_string())
            .replace("localhost:9091", &payments.admin.to_string());
        let Some(shown) = shown else {
            run(&command, folder.path());
            continue;
        };
        questions += 1;
        // A record is written after the last byte of its response.
        let mut output = String::new();
        let is_shown = (0..READINGS).any(|reading| {
            if reading > 0 {
                pause();
            }
            fs::write(folder.path().join("storefront.log"), shop.log()).unwrap();
            fs::write(folder.path().join("payments.log"), payments.log()).unwrap();
            output = run(&command, folder.path());
            shown::is_like(&shown, &output)
        });
        assert!(is_shown, "{command}prints\n{output}README.md shows\n{shown}");
    }
    assert_eq!(questions, 7);
}

// Not `expect`, which would warn in a copy of this folder, where no `clippy.toml` bans the function.
#[allow(clippy::disallowed_methods, reason = "a pause between two readings of a log")]
fn pause() {
    thread::sleep(PAUSE);
}
