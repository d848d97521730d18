use anyhow::{Result, ensure};
use redis::{
    Client, IntoConnectionInfo, Script, aio::MultiplexedConnection, cmd, io::tcp::TcpSettings,
};

use super::decisions::Candidate;

/// The shortest script that makes the same decision, for one policy and with a yes or no as its only result.
const SCRIPT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local new = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
if new - now > interval * burst then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000))
return 1";

/// Returns a candidate that sends EVALSHA, with the same client and the same settings as our store.
pub(super) async fn candidate(url: &str) -> Result<Candidate> {
    let info = url.into_connection_info()?;
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let connection = Client::open(info)?.get_multiplexed_async_connection().await?;
    let hash: String =
        cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query_async(&mut connection.clone()).await?;
    ensure!(hash == Script::new(SCRIPT).get_hash(), "Redis returned an unexpected script hash");
    Ok(Candidate::new("bare EVALSHA", move |key| decide(connection.clone(), hash.clone(), key)))
}

async fn decide(mut connection: MultiplexedConnection, hash: String, key: u64) -> Result<()> {
    let allowed: u8 = cmd("EVALSHA")
        .arg(hash)
        .arg(1)
        .arg(format!("bare:{key}"))
        .arg(1_000_000)
        .arg(super::BURST)
        .query_async(&mut connection)
        .await?;
    ensure!(allowed == 1, "the request was denied");
    Ok(())
}
