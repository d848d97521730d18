use super::State;

#[test]
fn each_state_has_a_label_of_its_own() {
    let labels = State::ALL.map(State::as_str);
    assert_eq!(labels, ["closed", "open", "half_open", "forced_open", "forced_closed"]);
}
