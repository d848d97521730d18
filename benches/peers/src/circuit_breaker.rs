use battlement_benches::Case;

mod peers;

pub(crate) fn cases() -> Vec<Case> {
    peers::cases()
}
