//! Limits that are kept in Redis, ours and a peer's, beside a bare script.

fn main() -> anyhow::Result<()> {
    battlement_peers::rate_limit_redis::run()
}
