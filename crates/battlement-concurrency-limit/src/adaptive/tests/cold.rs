use super::{Work, seeds, unlimited};

#[test]
fn a_new_instance_rejects_nothing_after_three_seconds() {
    for seed in seeds() {
        let mut simulation = unlimited(seed, Work::Constant(100.0));
        simulation.run(20, 2_000.0);
        let rejected = simulation.record.rejected_in(3..20);
        let share = simulation.record.admitted_share(0..3);
        println!("seed {seed}: {share:.3} of the first 3 s admitted");
        assert!(rejected < 0.5, "seed {seed}: {rejected:.0} rejected");
    }
}
