//! Programs that read JSON lines.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

/// Reads one value per line, and prints each again.
const PYTHON: &str = "
import json, sys
for line in sys.stdin.buffer.read().split(b'\\n')[:-1]:
    print(json.dumps(json.loads(line.decode())))
";

/// Returns the values of the lines of `text`, as jq and as Python's `json` read them.
pub(crate) fn values(text: &str) -> [Vec<Value>; 2] {
    let jq = run(Command::new("jq").args(["--compact-output", "."]), text);
    let python = run(Command::new("python3").args(["-c", PYTHON]), text);
    [jq, python].map(|output| {
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()
    })
}

/// Returns the output of `command` for this input.
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    // The program may write before it has read everything.
    let writing = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
