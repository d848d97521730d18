use std::sync::Arc;

use super::subject::{HttpOuter, HttpSubject, Prepare};
use crate::{contract::subject::Inspected, probe::Probe};

/// Puts a layer around a new probe of an HTTP service.
pub(in crate::contract) struct HttpTarget<L> {
    apply: Apply<L>,
    pub(in crate::contract) prepare: Prepare,
}

type Apply<L> = Arc<dyn Fn(&L, Probe) -> HttpOuter>;

impl<L: 'static> HttpTarget<L> {
    pub(in crate::contract) fn new(apply: Apply<L>) -> Self {
        Self { apply, prepare: Arc::new(|_| ()) }
    }

    pub(in crate::contract) fn subject(
        &self,
        layer: &Arc<L>,
        rejects: bool,
        inspected: Inspected,
    ) -> HttpSubject {
        let (layer, apply) = (layer.clone(), self.apply.clone());
        let apply = move |probe| apply(&layer, probe);
        HttpSubject::new(Probe::new(), apply, (self.prepare.clone(), rejects), inspected)
    }
}
