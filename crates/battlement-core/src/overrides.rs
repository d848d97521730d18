use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

/// Settings of one route, written by inner layers and read by outer ones; a list that only grows.
#[derive(Debug, Default)]
pub(crate) struct Overrides(OnceLock<Box<Node>>);

#[derive(Debug)]
struct Node {
    value: Arc<dyn Any + Send + Sync>,
    next: Overrides,
}

impl Overrides {
    pub(crate) const fn none() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn push(&self, value: Arc<dyn Any + Send + Sync>) {
        let mut node = Box::new(Node { value, next: Self::none() });
        let mut end = self;
        loop {
            match end.0.set(node) {
                Ok(()) => return,
                Err(refused) => node = refused,
            }
            let Some(taken) = end.0.get() else { return };
            end = &taken.next;
        }
    }

    /// Returns the value of this type that was written last.
    pub(crate) fn last<T: Any>(&self) -> Option<&T> {
        self.values().filter_map(|value| value.downcast_ref()).last()
    }

    fn values(&self) -> impl Iterator<Item = &(dyn Any + Send + Sync)> {
        let mut next = self.0.get();
        std::iter::from_fn(move || {
            let node = next?;
            next = node.next.0.get();
            Some(node.value.as_ref())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_the_value_that_was_written_last() {
        let overrides = Overrides::none();
        assert_eq!(overrides.last::<u8>(), None);
        overrides.push(Arc::new(1_u8));
        overrides.push(Arc::new("of another layer"));
        overrides.push(Arc::new(2_u8));
        assert_eq!(overrides.last(), Some(&2_u8));
        assert_eq!(overrides.last(), Some(&"of another layer"));
        assert_eq!(overrides.last::<u16>(), None);
    }
}
