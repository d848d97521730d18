//! The end of accepting, which takes half a second.

use std::io::Write;

use crate::{ANSWERED, LONG_DRAIN_MS, SOON, answer, start};

const CONNECTIONS: usize = 50;

#[test]
fn connections_that_were_made_before_the_end_of_accepting_get_one_more_answer() {
    let mut payments = start(LONG_DRAIN_MS);
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| payments.begin_after(ANSWERED, b"")).collect();
    let fresh: Vec<_> = (0..CONNECTIONS).map(|_| payments.begin(b"")).collect();
    payments.terminate();
    // The last of these connections may still wait in the queue of the listener.
    payments.log_line("shutdown started");
    for mut connection in idle.into_iter().chain(fresh) {
        connection.write_all(ANSWERED).unwrap();
        let answer = answer(connection);
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let (code, log) = payments.ended_within(SOON);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains(&format!("{} requests answered", 3 * CONNECTIONS)), "{log}");
}
