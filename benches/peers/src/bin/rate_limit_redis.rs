//! Compares rate limits in Redis: ours, a peer's, and a bare script.

fn main() -> anyhow::Result<()> {
    battlement_peers::rate_limit_redis::run()
}
