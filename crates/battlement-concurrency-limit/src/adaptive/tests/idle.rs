use super::{CAPACITY, KINDS, MIN, OVERLOAD, p99_bar, seeds, simulation};

const HOUR: usize = 3_600;

#[test]
fn an_idle_hour_teaches_nothing_wrong() {
    let kinds = [KINDS[0], KINDS[2]];
    for (seed, work) in seeds().flat_map(|seed| kinds.map(|work| (seed, work))) {
        let mut simulation = simulation(seed, work);
        simulation.run(HOUR as u64, CAPACITY / 10.0);
        simulation.run(30, OVERLOAD);
        let record = simulation.record;
        let case = format!("{work:?}, seed {seed}");

        let limit = record.limit(HOUR - 1..HOUR);
        assert!((20.0..30.0).contains(&limit), "{case}: limit {limit} after the hour");
        let goodput = record.goodput(HOUR..HOUR + 30);
        assert!(goodput >= CAPACITY * 0.9, "{case}: {goodput:.0} a second");
        let p99 = record.p99(HOUR..HOUR + 30) / record.p99(0..HOUR);
        println!("{case}: goodput {:.3} of capacity, p99 {p99:.2} times", goodput / CAPACITY);
        assert!(p99 <= p99_bar(work), "{case}: p99 {p99:.2} times the unloaded");
    }
}

// Seven of eight workers hang until the limit is at its minimum, or one above: with some seeds it stays there.
#[test]
fn a_limit_at_its_minimum_is_back_within_ten_seconds() {
    for (seed, work) in seeds().flat_map(|seed| KINDS.map(|work| (seed, work))) {
        let mut simulation = simulation(seed, work);
        simulation.run(5, CAPACITY / 2.0);
        simulation.workers(1);
        let mut healed = 5;
        while simulation.limit > MIN + 1 {
            simulation.run(1, OVERLOAD);
            healed += 1;
            assert!(healed <= 125, "{work:?}, seed {seed}: limit {}", simulation.limit);
        }
        simulation.workers(8);
        simulation.run(20, OVERLOAD);
        let goodput = simulation.record.goodput(healed + 10..healed + 20);
        println!(
            "{work:?}, seed {seed}: at the minimum after {} s, then {:.3} of capacity",
            healed - 5,
            goodput / CAPACITY
        );
        assert!(goodput >= CAPACITY * 0.9, "{work:?}, seed {seed}: {goodput:.0} a second");
    }
}
