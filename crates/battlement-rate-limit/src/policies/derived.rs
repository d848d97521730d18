use std::{any::Any, sync::OnceLock};

/// Values that were derived from the policies, at most one of each type: a list that only grows. As a process has few
/// stores with such a type, the first value is nearly always the right one.
#[derive(Debug, Default)]
pub(super) struct Derived(OnceLock<Box<Node>>);

#[derive(Debug)]
struct Node {
    value: Box<dyn Any + Send + Sync>,
    next: Derived,
}

impl Derived {
    /// Returns the value of this type. `derive` runs outside of any lock, so it may derive other values itself.
    pub(super) fn get_or_insert_with<T: Send + Sync + 'static>(
        &self,
        derive: impl Fn() -> T,
    ) -> &T {
        let mut slot = self;
        loop {
            let Some(node) = slot.0.get() else {
                let node = Node { value: Box::new(derive()), next: Self::default() };
                // Another thread may have been faster, with a value of this type or of another.
                let _ = slot.0.set(Box::new(node));
                continue;
            };
            if let Some(value) = node.value.downcast_ref() {
                return value;
            }
            slot = &node.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, thread};

    use super::*;

    #[test]
    fn a_value_of_each_type_is_derived_once() {
        let (derived, count) = (Derived::default(), Cell::new(0));
        let next = || {
            count.set(count.get() + 1);
            count.get()
        };
        let [first, again] = [(); 2].map(|()| *derived.get_or_insert_with(|| next() as u8));
        let [other, same] = [(); 2].map(|()| *derived.get_or_insert_with(|| next() as u16));
        assert_eq!((first, again, other, same, count.get()), (1, 1, 2, 2, 2));
    }

    #[test]
    fn a_value_is_derived_from_a_value_of_another_type() {
        let derived = Derived::default();
        let both = || u16::from(*derived.get_or_insert_with(|| 1_u8)) + 1;
        assert_eq!(*derived.get_or_insert_with(both), 2);
    }

    #[test]
    fn all_threads_get_the_same_value() {
        for _ in 0..100 {
            let derived = &Derived::default();
            let places: Vec<_> = thread::scope(|scope| {
                let place = |n: u64| {
                    derived.get_or_insert_with(|| n as u8);
                    std::ptr::from_ref(derived.get_or_insert_with(|| n)) as usize
                };
                let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || place(n))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(places.iter().all(|place| *place == places[0]));
        }
    }
}
