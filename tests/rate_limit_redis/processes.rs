//! Replicas of a service, each in its own process: this test program, running a single test.

use std::{env, process::Command, time::Duration};

use battlement_rate_limit_redis::{OnFailure, Redis};
use battlement_testkit::process::Process;
use serde_json::{Value, json};

use crate::{
    counting::{admitted, slow},
    shop::{PATIENCE, Shop},
};

const SETTINGS: &str = "BATTLEMENT_TEST_REPLICA";
const TASKS: u64 = 32;
const ASKS: u64 = 40;
/// The maximum time for a replica to finish, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(100);

/// The requests that a replica sends.
pub(crate) struct ReplicaLoad {
    /// The URL of a server, or the URLs of a cluster.
    pub(crate) urls: Vec<String>,
    pub(crate) coalesce: usize,
    pub(crate) customers: u64,
}

/// Returns the number of admitted requests of each customer, over all processes.
pub(crate) async fn in_processes(processes: usize, load: &ReplicaLoad) -> Vec<u32> {
    let settings = json!({
        "urls": load.urls, "coalesce": load.coalesce, "customers": load.customers,
    });
    let replicas: Vec<_> = (0..processes).map(|_| start(&settings)).collect();
    let mut sums = vec![0; load.customers as usize];
    for replica in replicas {
        for (sum, more) in sums.iter_mut().zip(result(replica).await) {
            *sum += more;
        }
    }
    sums
}

fn start(settings: &Value) -> Process {
    let test = "processes::a_replica_sends_the_requests_of_its_settings";
    let mut replica = Command::new(env::current_exe().unwrap());
    replica.args(["--exact", test, "--ignored", "--nocapture"]).env(SETTINGS, settings.to_string());
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
async fn a_replica_sends_the_requests_of_its_settings() {
    let settings: Value = serde_json::from_str(&env::var(SETTINGS).unwrap()).unwrap();
    let urls = settings["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap());
    let urls: Vec<_> = urls.collect();
    let builder = match urls.as_slice() {
        [url] => Redis::builder(url),
        urls => Redis::cluster(urls),
    };
    let coalesce = settings["coalesce"].as_u64().unwrap() as usize;
    let redis = builder.deadline(PATIENCE).coalesce(coalesce).build().unwrap();
    let shop = Shop::new(&redis, slow(), OnFailure::Deny);
    let customers = settings["customers"].as_u64().unwrap();
    println!("admitted: {:?}", admitted(&shop, customers, TASKS, ASKS).await);
}
