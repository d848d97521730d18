//! Replicas of a service, each a process of its own: this test program, which runs one test of it.

use std::{env, process::Command, time::Duration};

use battlement_rate_limit::redis::{OnFailure, Redis};
use battlement_testkit::process::Process;
use serde_json::{Value, json};

use crate::{
    counting::{admitted, slow},
    shop::{PATIENCE, Shop},
};

const TOLD: &str = "BATTLEMENT_TEST_REPLICA";
const TASKS: u64 = 32;
const ASKS: u64 = 40;
/// The maximum time for a replica to finish, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(100);

/// What a replica is to ask.
pub(crate) struct Asking {
    /// One of a server, more of a cluster.
    pub(crate) urls: Vec<String>,
    pub(crate) coalesce: usize,
    pub(crate) customers: u64,
}

/// How many requests of each customer pass in all processes together.
pub(crate) async fn in_processes(processes: usize, asking: &Asking) -> Vec<u32> {
    let told = json!({
        "urls": asking.urls, "coalesce": asking.coalesce, "customers": asking.customers,
    });
    let replicas: Vec<_> = (0..processes).map(|_| start(&told)).collect();
    let mut sums = vec![0; asking.customers as usize];
    for replica in replicas {
        for (sum, more) in sums.iter_mut().zip(result(replica).await) {
            *sum += more;
        }
    }
    sums
}

fn start(told: &Value) -> Process {
    let test = "processes::a_replica_asks_as_it_is_told";
    let mut replica = Command::new(env::current_exe().unwrap());
    replica.args(["--exact", test, "--ignored", "--nocapture"]).env(TOLD, told.to_string());
    Process::start(&mut replica).unwrap()
}

async fn result(mut replica: Process) -> Vec<u32> {
    let status = replica.exited(DEADLINE).await.unwrap();
    let log = replica.log();
    assert!(status.success(), "{log}");
    let (_, admitted) = log.split_once("admitted: ").unwrap();
    serde_json::from_str(admitted.lines().next().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "one of the processes that other tests start"]
async fn a_replica_asks_as_it_is_told() {
    let told: Value = serde_json::from_str(&env::var(TOLD).unwrap()).unwrap();
    let urls = told["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap());
    let urls: Vec<_> = urls.collect();
    let builder = match urls.as_slice() {
        [url] => Redis::builder(url),
        urls => Redis::cluster(urls),
    };
    let coalesce = told["coalesce"].as_u64().unwrap() as usize;
    let redis = builder.deadline(PATIENCE).coalesce(coalesce).build().unwrap();
    let shop = Shop::new(&redis, slow(), OnFailure::Deny);
    let customers = told["customers"].as_u64().unwrap();
    println!("admitted: {:?}", admitted(&shop, customers, TASKS, ASKS).await);
}
