//! The session of README.md that exceeds the limit of requests in flight, by curl.

const README: &str = include_str!("../../README.md");

/// Returns the block of commands in the section on the limit of requests in flight that makes the load.
fn load() -> &'static str {
    let (_, section) = README.split_once("\n## Exceed the limit of requests in flight\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let blocks: Vec<_> = blocks.filter(|block| !block.contains("cargo run")).collect();
    assert_eq!(blocks.len(), 1, "{blocks:?}");
    blocks[0]
}

/// Many clients at once, so that no other test runs beside these.
mod alone {
    use std::process::Command;

    use super::load;
    use crate::{inventory::FaultyInventory, running::Storefront};

    /// Runs the session with this limit, and returns its output.
    fn run(limit: &str) -> String {
        let inventory = FaultyInventory::start();
        let settings = [("INVENTORY_URL", &*inventory.url), ("STOREFRONT_CONCURRENCY", limit)];
        let shop = Storefront::start(&settings);
        let script = load()
            .replace("localhost:3000", &shop.addr.to_string())
            .replace("localhost:9090", &shop.admin.to_string())
            .replace("localhost:9092", &inventory.admin.to_string());
        let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
        let [output, errors] = [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        println!("{limit}: {output}{errors}");
        output
    }

    /// Asserts that browsing was shed, and no order.
    fn assert_orders_were_placed(output: &str) {
        let of = |what: &str| {
            let lines = output.lines().filter_map(|line| line.trim().split_once(' '));
            let mut counts = lines.filter(|(_, rest)| *rest == what);
            counts.next().map_or(0, |(count, _)| count.parse::<u32>().unwrap_or(0))
        };
        assert_eq!((of("order 201"), of("order 503")), (5, 0), "{output}");
        let (shown, shed) = (of("browsing 200"), of("browsing 503"));
        assert!(shown > 0 && shed > 0, "{output}");
        assert_eq!(shown + shed, 320, "{output}");
        let rejections = |class: &str| {
            let label = format!("class=\"{class}\"");
            let mut lines = output.lines().filter(|line| line.contains("rejections_total"));
            lines.any(|line| line.contains(&label))
        };
        assert_eq!((rejections("browsing"), rejections("orders")), (true, false), "{output}");
    }

    #[test]
    fn the_session_of_the_readme_sheds_browsing_before_orders() {
        let output = run("8");
        assert_orders_were_placed(&output);
        assert!(output.contains("_limit{limiter=\"storefront\"} 8\n"), "{output}");
    }

    #[test]
    fn the_session_of_the_readme_sheds_browsing_before_orders_with_an_adaptive_limit() {
        let output = run("adaptive");
        assert_orders_were_placed(&output);
        assert!(output.contains("_limit{limiter=\"storefront\"} "), "{output}");
    }
}
