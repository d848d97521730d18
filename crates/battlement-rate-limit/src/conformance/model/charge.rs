/// Units that were charged at once.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) id: usize,
    pub(super) units: u32,
}

/// Returns the units of all charges.
pub(super) fn sum(charges: &[Charge]) -> u64 {
    charges.iter().map(|charge| u64::from(charge.units)).sum()
}

/// Removes the units of the charge `id`.
pub(super) fn remove(charges: &mut [Charge], id: usize) {
    charges.iter_mut().filter(|charge| charge.id == id).for_each(|charge| charge.units = 0);
}
