use std::{env, io, process::Command, time::Duration};

use battlement_rate_limit::{
    Key, KeyHash, Policies, Policy, Query, RateLimitLayer, Store, StoreError,
};
use http::Request;
use tokio::time::{Instant, sleep};

use crate::process::{Process, WaitError};

/// Several processes that share a store.
///
/// Each process runs the test that has created them, which then calls [`share_quota`] instead:
///
/// ```no_run
/// use battlement_rate_limit::Memory;
/// use battlement_testkit::store::{Processes, address, share_quota};
///
/// // #[tokio::test]
/// async fn processes_admit_exactly_the_quota() {
///     if let Some(address) = address() {
///         // Connect to the store at `address`.
///         return share_quota(&Memory::default()).await;
///     }
///     // Start the server here.
///     Processes::of_test("processes_admit_exactly_the_quota").share("127.0.0.1:6379").await;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Processes {
    test: String,
}

const COUNT: u32 = 4;
const QUOTA: u32 = 2_000;
/// The time for all processes to start, and then to use the quota.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);
/// The period of the policies, in which no unit is restored during a test.
const MONTH: Duration = Duration::from_secs(30 * 86_400);
const ADDRESS: &str = "BATTLEMENT_STORE_ADDRESS";
/// The number of denials after which a process ends.
const DENIALS: u32 = 5;

/// Returns the address of the store, if this process is one of [`Processes`].
#[must_use]
pub fn address() -> Option<String> {
    env::var(ADDRESS).ok()
}

impl Processes {
    /// Creates processes that run the test with this name, including its modules.
    #[must_use]
    pub fn of_test(name: &str) -> Self {
        Self { test: name.to_owned() }
    }

    /// Starts the processes, which use a quota together.
    ///
    /// # Panics
    ///
    /// Panics if the processes were not allowed exactly the quota, or if one of them fails.
    pub async fn share(&self, address: &str) {
        let processes: io::Result<Vec<_>> = (0..COUNT).map(|_| self.start(address)).collect();
        let mut allowed = Vec::new();
        for mut process in processes.expect("the test is started again") {
            allowed.push(finish(&mut process).await.unwrap_or_else(|error| panic!("{error}")));
        }
        assert_eq!(allowed.iter().sum::<u32>(), QUOTA, "allowed to each process: {allowed:?}");
        // No process ends before the quota is spent, so processes that all have spent units ran at the same time.
        let all_spent = allowed.iter().all(|allowed| *allowed > 0);
        assert!(all_spent, "the processes must run at the same time, got {allowed:?}");
    }

    fn start(&self, address: &str) -> io::Result<Process> {
        let mut command = Command::new(env::current_exe()?);
        let command = command.args([&self.test, "--exact", "--nocapture"]);
        Process::start(command.env(ADDRESS, address))
    }
}

/// Returns the number of requests that were allowed to a process.
async fn finish(process: &mut Process) -> Result<u32, WaitError> {
    let line = process.line(REPORT, DEADLINE).await?;
    process.exited(DEADLINE).await?;
    let (_, allowed) = line.split_once(REPORT).expect("the line has this part");
    Ok(allowed.trim().parse().expect("the line ends with a number"))
}

/// The start of the line that reports the result of a process.
const REPORT: &str = "requests allowed to this process: ";

/// Waits for the other processes, spends the quota together with them, and reports the number of allowed requests.
///
/// # Panics
///
/// Panics if the store fails, or if the other processes do not start in time.
#[allow(clippy::print_stdout, reason = "the test process reads the log of this process")]
pub async fn share_quota<St: Store>(store: &St) {
    let key = key(store);
    let allowed = match wait_for_all(store, key).await {
        Ok(()) => spend(store, key).await,
        Err(error) => Err(error),
    };
    println!("{REPORT}{}", allowed.unwrap_or_else(|error| panic!("{error}")));
}

/// Waits until all processes have charged a policy that counts them.
async fn wait_for_all<St: Store>(store: &St, key: KeyHash) -> Result<(), StoreError> {
    let started = Policies::from(Policy::new("started", COUNT, MONTH));
    store.acquire(&Query::new(key, &started, 1, Instant::now())).await?;
    let deadline = Instant::now() + DEADLINE;
    while store.peek(&Query::new(key, &started, 1, Instant::now())).await?.states[0].remaining > 0 {
        assert!(Instant::now() < deadline, "{COUNT} processes must start within {DEADLINE:?}");
        sleep(POLL).await;
    }
    Ok(())
}

async fn spend<St: Store>(store: &St, key: KeyHash) -> Result<u32, StoreError> {
    let policies = Policies::from(Policy::new("shared", QUOTA, MONTH));
    let (mut allowed, mut denied) = (0, 0);
    while denied < DENIALS {
        let outcome = store.acquire(&Query::new(key, &policies, 1, Instant::now())).await?;
        let count = if outcome.is_denied(&policies) { &mut denied } else { &mut allowed };
        *count += 1;
    }
    Ok(allowed)
}

/// Returns a key that is the same in all processes.
fn key<St: Store>(store: &St) -> KeyHash {
    let layer = RateLimitLayer::new(Policy::new("any", 1, MONTH), Key::global());
    let (_, handle) = layer.store(store.clone()).pair();
    handle.key(&Request::new(())).expect("every request has the global key")
}
