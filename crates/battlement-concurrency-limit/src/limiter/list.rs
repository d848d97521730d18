use super::slab::Slab;

/// The waiters of one class in the order of their arrival. The links are in the slab.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct List {
    oldest: Option<usize>,
    newest: Option<usize>,
    len: usize,
}

impl List {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn oldest(&self) -> Option<usize> {
        self.oldest
    }

    pub(super) const fn newest(&self) -> Option<usize> {
        self.newest
    }

    /// Adds the newest waiter.
    pub(super) fn push(&mut self, slab: &mut Slab, slot: usize) {
        let older = self.newest.replace(slot);
        match older {
            Some(older) => slab[older].newer = Some(slot),
            None => self.oldest = Some(slot),
        }
        slab[slot].older = older;
        self.len += 1;
    }

    /// Removes a waiter that is in this list.
    pub(super) fn remove(&mut self, slab: &mut Slab, slot: usize) {
        let (older, newer) = (slab[slot].older, slab[slot].newer);
        match older {
            Some(older) => slab[older].newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => slab[newer].older = older,
            None => self.newest = older,
        }
        self.len -= 1;
    }
}
