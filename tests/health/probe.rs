//! `storefront --probe URL`, for images without a shell.

use std::process::Output;

use crate::shop::{Shop, command};

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

#[tokio::test]
async fn the_exit_code_of_a_probe_is_0_if_it_passes_and_else_1() {
    let mut shop = Shop::start(&[("STOREFRONT_SHUTDOWN_DELAY_MS", "5000")]).await;
    let url = |path: &str| format!("http://{}{path}", shop.admin);
    let [live, ready, missing] = ["/livez", "/readyz", "/readyz/missing"].map(url);
    for path in [&live, &ready] {
        assert_eq!(run(&["--probe", path]).status.code(), Some(0), "{path}");
    }
    let output = run(&["--probe", &missing]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"probe failed: status 404\n");

    shop.terminate();
    shop.process.line("shutdown started", crate::shop::PATIENCE).await.unwrap();
    assert_eq!(run(&["--probe", &live]).status.code(), Some(0));
    assert_eq!(run(&["--probe", &ready]).status.code(), Some(1));
    drop(shop);
    assert_eq!(run(&["--probe", &live]).status.code(), Some(1));
}

#[test]
fn a_probe_without_a_url_is_an_invalid_argument() {
    for arguments in [&["--probe"][..], &["--probe", "http://a", "b"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        assert_eq!(output.stderr, b"`--probe` must be followed by one URL, see --help\n");
    }
    assert_eq!(run(&["--probe", "readyz"]).status.code(), Some(1), "an invalid URL");
}
