use super::*;

fn read(json: &str) -> Result<QueuedConcurrencyLimitLayer, String> {
    let settings: ConcurrencyLimitSettings =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    QueuedConcurrencyLimitLayer::try_from(settings).map_err(|error| error.to_string())
}

#[test]
fn a_limit_is_required() {
    let error = read("{}").unwrap_err();
    assert!(error.starts_with("concurrency limit settings: limit: must be"), "{error}");
}
