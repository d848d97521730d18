use proptest::{collection::vec, prelude::*};

use super::*;

/// Returns a word with these calls in flight.
fn word(layout: &Layout, limit: usize, in_flight: &[u64]) -> u64 {
    let calls = in_flight.iter().enumerate();
    layout.empty(limit) + calls.map(|(class, calls)| layout.call(class) * calls).sum::<u64>()
}

/// Returns, for each class, whether it is admitted.
fn admitted(reserves: &[f64], limit: usize, in_flight: &[u64]) -> Vec<bool> {
    let layout = Layout::new(reserves);
    let word = word(&layout, limit, in_flight);
    (0..reserves.len()).map(|class| layout.admits(word, class)).collect()
}

#[test]
fn the_limit_and_the_counts_share_the_bits_evenly() {
    let most: Vec<u64> = (1..=MOST_CLASSES).map(most).collect();
    assert_eq!(most, [2_147_483_647, 2_097_151, 32_767, 4_095]);
}

#[test]
fn a_full_word_leaves_the_flag_alone() {
    for classes in 1..=MOST_CLASSES {
        let layout = Layout::new(&[0.0; MOST_CLASSES][..classes]);
        let most = most(classes);
        for class in 0..classes {
            let full = layout.empty(usize::MAX) + layout.call(class) * most;
            assert_eq!(full & WAITING, 0);
            assert_eq!((layout.limit(full), layout.total(full)), (most, most));
            assert_eq!(layout.in_flight(full, class), most);
            assert!(!layout.admits(full, class));
            assert!(layout.admits(full - layout.call(class), class));
        }
    }
}

#[test]
fn a_change_of_the_limit_leaves_the_counts_and_the_flag() {
    let layout = Layout::new(&[0.0, 0.0, 0.0]);
    let before = word(&layout, 20, &[3, 4, 5]) | WAITING;
    let after = layout.with_limit(before, 7);
    assert_eq!(after, word(&layout, 7, &[3, 4, 5]) | WAITING);
    assert_eq!((layout.limit(after), layout.total(after)), (7, 12));
}

#[test]
fn a_limit_is_at_least_one_and_at_most_what_fits() {
    let layout = Layout::new(&[0.0; 4]);
    assert_eq!(layout.limit(layout.empty(0)), 1);
    assert_eq!(layout.limit(layout.empty(5_000)), 4_095);
}

#[test]
fn an_unknown_class_is_the_lowest_one() {
    let layout = Layout::new(&[0.0, 0.0]);
    assert_eq!([0, 1, 2, usize::MAX].map(|class| layout.class(class)), [0, 1, 1, 1]);
}

#[test]
fn a_layout_without_classes_has_one_and_one_with_too_many_has_four() {
    assert_eq!(Layout::new(&[]).class(9), 0);
    assert_eq!(Layout::new(&[0.0; 9]).class(9), 3);
}

#[test]
fn one_class_is_admitted_below_the_limit() {
    assert_eq!(admitted(&[0.0], 3, &[2]), [true]);
    assert_eq!(admitted(&[0.0], 3, &[3]), [false]);
}

#[test]
fn a_lower_class_does_not_use_a_reserve() {
    assert_eq!(admitted(&[0.2, 0.0], 10, &[0, 7]), [true, true]);
    assert_eq!(admitted(&[0.2, 0.0], 10, &[0, 8]), [true, false]);
    // The reserve is not what the upper class uses: it may use all of the limit.
    assert_eq!(admitted(&[0.2, 0.0], 10, &[2, 7]), [true, true]);
    assert_eq!(admitted(&[0.2, 0.0], 10, &[2, 8]), [false, false]);
    assert_eq!(admitted(&[0.2, 0.0], 10, &[9, 0]), [true, true]);
}

#[test]
fn the_reserves_of_classes_add_up_for_the_classes_below_both() {
    let reserves = [0.2, 0.3, 0.0];
    assert_eq!(admitted(&reserves, 10, &[0, 0, 4]), [true, true, true]);
    assert_eq!(admitted(&reserves, 10, &[0, 0, 5]), [true, true, false]);
    assert_eq!(admitted(&reserves, 10, &[0, 8, 0]), [true, false, false]);
    // Both lower classes together stay out of the reserve of the highest.
    assert_eq!(admitted(&reserves, 10, &[0, 5, 3]), [true, false, false]);
    assert_eq!(admitted(&reserves, 10, &[0, 4, 3]), [true, true, true]);
}

#[test]
fn a_reserve_is_rounded_up_but_leaves_one_permit() {
    assert_eq!(admitted(&[0.2, 0.0], 8, &[0, 5]), [true, true]);
    assert_eq!(admitted(&[0.2, 0.0], 8, &[0, 6]), [true, false]);
    assert_eq!(admitted(&[0.01, 0.0], 8, &[0, 7]), [true, false]);
    assert_eq!(admitted(&[1.0, 0.0], 8, &[0, 0]), [true, true]);
    assert_eq!(admitted(&[1.0, 0.0], 8, &[0, 1]), [true, false]);
    assert_eq!(admitted(&[0.5, 0.5, 0.0, 0.0], 1, &[0, 0, 0, 0]), [true; 4]);
}

#[test]
fn shares_that_are_not_exact_in_binary_are_exact_here() {
    // 0.1 + 0.2 is a little more than 0.3.
    assert_eq!(admitted(&[0.1, 0.2, 0.0], 10, &[0, 0, 6]), [true, true, true]);
    assert_eq!(admitted(&[0.1, 0.2, 0.0], 10, &[0, 0, 7]), [true, true, false]);
}

#[test]
fn a_lowered_limit_admits_none_until_the_calls_in_flight_are_fewer() {
    assert_eq!(admitted(&[0.2, 0.0], 2, &[3, 3]), [false, false]);
    assert_eq!(admitted(&[0.2, 0.0], 2, &[1, 0]), [true, true]);
}

proptest! {
    #[test]
    fn a_higher_class_is_admitted_wherever_a_lower_one_is(
        (reserves, calls) in (1..=MOST_CLASSES).prop_flat_map(|classes| {
            (vec(0.0..0.25, classes), vec(0_u64..20, classes))
        }),
        limit in 1_usize..60,
    ) {
        let admitted = admitted(&reserves, limit, &calls);
        prop_assert!(admitted.is_sorted_by_key(|is_admitted| !is_admitted), "{admitted:?}");
        let layout = Layout::new(&reserves);
        let word = word(&layout, limit, &calls);
        for (class, calls) in calls.iter().enumerate() {
            prop_assert_eq!(layout.in_flight(word, class), *calls);
        }
        prop_assert_eq!(layout.total(word), calls.iter().sum::<u64>());
        prop_assert_eq!(admitted[0], calls.iter().sum::<u64>() < limit as u64);
    }
}
