//! A page of another library: ours is whole beside it, in both formats.
#![no_main]

use battlement_metrics::{Exposition, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|page: &str| {
    let theirs = page.to_owned();
    let page = Exposition::new().gauge("ours", "", [], || 1.0).open_metrics(move || theirs.clone());
    let text = page.render(Format::Text);
    assert_eq!(text.lines().filter(|line| *line == "# TYPE ours gauge").count(), 1);
    assert!(!text.contains('\0'));
    let open = page.render(Format::OpenMetrics);
    assert!(open.ends_with("# EOF\n"));
    assert_eq!(open.lines().filter(|line| *line == "# EOF").count(), 1);
});
