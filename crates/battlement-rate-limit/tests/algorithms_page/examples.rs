//! The examples of the page, each as a table.

use std::time::Duration;

use battlement_rate_limit::{Algorithm, Decision, Policy};

use crate::client::Client;

const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("GCRA", Algorithm::Gcra),
    ("fixed window", Algorithm::FixedWindow),
    ("sliding window", Algorithm::SlidingWindow),
];

pub(crate) const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Returns a client of the policy of all examples that name no other.
pub(crate) fn client(algorithm: Algorithm) -> Client {
    Client::new(Policy::per_minute("calls", 10).algorithm(algorithm))
}

pub(crate) const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().fold("|".to_owned(), |row, cell| row + " " + &cell + " |")
}

fn thousands(number: u64) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{},{:03}", number / 1_000, number % 1_000)
    }
}

fn table(head: &str, rows: impl IntoIterator<Item = String>) -> String {
    let columns = head.matches('|').count() - 1;
    let lines = [head.to_owned(), format!("|{}", "---|".repeat(columns))];
    lines.into_iter().chain(rows).collect::<Vec<_>>().join("\n") + "\n"
}

/// Returns the number of admitted requests at 0 s, and the times of those after, of a client that sends `burst` requests
/// at once and then one each second.
pub(crate) fn admitted(algorithm: Algorithm, burst: usize, seconds: u64) -> (usize, Vec<u64>) {
    let mut client = client(algorithm);
    let first = client.send(at(0), burst);
    (first, (1..seconds).filter(|second| client.send(at(*second), 1) == 1).collect())
}

/// Returns the table of ten requests at once, then one each second for three minutes.
pub(crate) fn burst_then_steady() -> String {
    let rows = ALGORITHMS.map(|(name, algorithm)| {
        let (first, times) = admitted(algorithm, 10, 3 * MINUTE);
        let next: Vec<_> = times.iter().take(3).map(u64::to_string).collect();
        let in_minute = |minute| times.iter().filter(|time| **time / MINUTE == minute).count();
        row([
            name.to_owned(),
            first.to_string(),
            format!("{}, …", next.join(", ")),
            (first + in_minute(0)).to_string(),
            in_minute(1).to_string(),
            in_minute(2).to_string(),
        ])
    });
    table(
        "| | admitted at once | then admitted at (s) | in the first minute | in the second | in the third |",
        rows,
    )
}

/// Returns the table of the remaining requests after ten at once.
pub(crate) fn recovery() -> String {
    let rows = [0, 6, 30, 59, 60, 66, 90, 120].map(|seconds| {
        let remaining = ALGORITHMS.map(|(_, algorithm)| {
            let mut client = client(algorithm);
            client.send(at(0), 10);
            client.peek(at(seconds)).remaining.to_string()
        });
        row([format!("{seconds} s")].into_iter().chain(remaining))
    });
    table("| after | GCRA | fixed window | sliding window |", rows)
}

/// Returns the table of one request at 0 s, nine at 59 s, and from 60 s on as many as possible.
pub(crate) fn boundary() -> String {
    let rows = ALGORITHMS.map(|(name, algorithm)| {
        let mut client = client(algorithm);
        let counts = [client.send(at(0), 1), client.send(at(59), 9), client.send(at(60), 20)];
        let later: usize = (61..119).map(|second| client.send(at(second), 1)).sum();
        let second = counts[1] + counts[2];
        row([
            name.to_owned(),
            counts[1].to_string(),
            counts[2].to_string(),
            second.to_string(),
            (second + later).to_string(),
        ])
    });
    table("| | admitted at 59 s | at 60 s | within 1 s | within the minute from 59 s |", rows)
}

/// Returns the table of clients that send at a constant rate for an hour, whatever the response is.
pub(crate) fn constant_rates() -> String {
    let rows = [6, 5, 4, 3, 2, 1].map(|interval| {
        let sent = HOUR / interval;
        let counts = ALGORITHMS.map(|(_, algorithm)| {
            let mut client = client(algorithm);
            (0..sent).map(|n| client.send(at(n * interval), 1)).sum::<usize>().to_string()
        });
        row([format!("{interval} s"), thousands(sent)].into_iter().chain(counts))
    });
    table("| a request every | sent | GCRA | fixed window | sliding window |", rows)
}

/// Returns the table of bursts of GCRA, for a client that sends as much as possible.
pub(crate) fn bursts() -> String {
    let rows = [1, 5, 10, 20].map(|burst| {
        let mut client = Client::new(Policy::per_minute("calls", 10).burst(burst));
        let first = client.send(at(0), 100);
        let minute = first + (1..MINUTE).map(|second| client.send(at(second), 1)).sum::<usize>();
        let mut idle = Client::new(Policy::per_minute("calls", 10).burst(burst));
        idle.send(at(0), 100);
        let whole = (0..).find(|second| idle.peek(at(*second)).remaining == burst).unwrap();
        row([burst.to_string(), first.to_string(), minute.to_string(), format!("{whole} s")])
    });
    table("| burst | admitted at once | in the first minute | all restored after |", rows)
}

/// The state of a client after a change.
type State = fn(Algorithm) -> String;

const CHANGES: [(&str, State); 7] = [
    ("10 of 10 an hour used, then 1,000 an hour", |algorithm| {
        changed(algorithm, (10, HOUR), 10, 0, &[(1_000, HOUR)])
    }),
    ("500 of 1,000 an hour used, then 10 an hour", |algorithm| {
        changed(algorithm, (1_000, HOUR), 500, 0, &[(10, HOUR)])
    }),
    ("the same, then 1,000 an hour again", |algorithm| {
        changed(algorithm, (1_000, HOUR), 500, 0, &[(10, HOUR), (1_000, HOUR)])
    }),
    ("10 of 10 a minute used, after 30 s 10 an hour", |algorithm| {
        changed(algorithm, (10, MINUTE), 10, 30, &[(10, HOUR)])
    }),
    ("10 of 10 an hour used, after 30 minutes 10 a minute", |algorithm| {
        changed(algorithm, (10, HOUR), 10, HOUR / 2, &[(10, MINUTE)])
    }),
    ("10 of 10 a minute used, then another name or algorithm", renamed),
    ("10 of 10 a minute used, then the clock is set back by an hour", |algorithm| {
        let mut client = client(algorithm);
        client.send(at(2 * HOUR), 10);
        state(&mut client, at(HOUR))
    }),
];

/// Returns the table of policies that change, and of a clock that is set back.
pub(crate) fn changes() -> String {
    let rows = CHANGES.map(|(change, state)| {
        let states = ALGORITHMS.map(|(_, algorithm)| state(algorithm));
        row([change.to_owned()].into_iter().chain(states))
    });
    table("| | GCRA | fixed window | sliding window |", rows)
}

/// Returns the state of a client whose policy gets another name, and then another algorithm.
fn renamed(algorithm: Algorithm) -> String {
    let mut client = client(algorithm);
    client.send(at(0), 10);
    client.replace(Policy::per_minute("other", 10).algorithm(algorithm));
    let renamed = state(&mut client, at(0));
    let other = ALGORITHMS.iter().find(|(_, other)| *other != algorithm).unwrap().1;
    client.replace(Policy::per_minute("calls", 10).algorithm(other));
    assert_eq!(state(&mut client, at(0)), renamed);
    renamed
}

/// Returns the state of a client that has used some of the first policy, some time before the others apply.
fn changed(
    algorithm: Algorithm,
    first: (u32, u64),
    used: usize,
    passed: u64,
    then: &[(u32, u64)],
) -> String {
    let policy = |(quota, period)| Policy::new("calls", quota, at(period)).algorithm(algorithm);
    let mut client = Client::new(policy(first));
    assert_eq!(client.send(at(HOUR), used), used);
    let mut last = String::new();
    for numbers in then {
        client.replace(policy(*numbers));
        last = state(&mut client, at(HOUR + passed));
    }
    last
}

/// Returns the remaining requests, and the time until one more is available.
fn state(client: &mut Client, at: Duration) -> String {
    let state = client.peek(at);
    let next = match state.decision {
        Decision::Deny { wait } => wait.unwrap(),
        Decision::Allow => state.reset,
    };
    if next.is_zero() {
        return state.remaining.to_string();
    }
    format!("{}, one more after {}", state.remaining, seconds(next))
}

fn seconds(time: Duration) -> String {
    let seconds = (time.as_secs_f64() * 10.0).ceil() / 10.0;
    if seconds < 120.0 { format!("{seconds} s") } else { format!("{} min", seconds / 60.0) }
}
