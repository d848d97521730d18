use super::{Charge, Walk, at};
use crate::{
    Outcome, Policies, PolicyState, Query, Store,
    conformance::{
        case::Client,
        flaw::{Checked, Flaw},
        reference::Reference,
        states::is_same,
    },
};

/// Operations on the store and on the reference.
impl<St: Store, R: Reference> Walk<St, R> {
    pub(super) async fn acquire(&mut self, client: Client, cost: u32) -> Checked {
        let (policies, now) = (self.sets[0].clone(), self.subject.decides_at());
        let query = self.query(client, &policies, cost);
        let mut expected = self.key(client).expected.clone();
        let (charge, states) = expected.acquire(&query, now);
        let outcome = match self.subject.acquire(&query).await {
            Err(flaw) => return self.resolve(client, expected, flaw).await,
            Ok(outcome) => outcome,
        };
        self.compare(&format!("acquire {cost} for {client:?}"), &states, &outcome)?;
        let charge = charge.map(|expected| Charge { at: now, policies, cost, outcome, expected });
        self.key(client).expected = expected;
        self.key(client).charges.extend(charge);
        Ok(())
    }

    pub(super) async fn peek(&mut self, client: Client, cost: u32) -> Checked {
        let (policies, now) = (self.sets[0].clone(), self.subject.decides_at());
        let query = self.query(client, &policies, cost);
        let outcome = self.subject.peek(&query).await?;
        let states = self.key(client).expected.peek(&query, now);
        self.compare(&format!("peek {cost} for {client:?}"), &states, &outcome)
    }

    pub(super) async fn refund(&mut self, client: Client, nth: usize) -> Checked {
        let charges = &mut self.key(client).charges;
        if charges.is_empty() {
            return Ok(());
        }
        let charge = charges.remove(nth % charges.len());
        let query = self.query(client, &charge.policies, charge.cost);
        let mut expected = self.key(client).expected.clone();
        expected.refund(&query, self.subject.decides_at(), &charge.expected);
        let refunded = self.subject.refund(&query, &charge.outcome).await;
        self.note(&format!("refund {} of {} to {client:?}", charge.cost, at(charge.at)));
        self.changed(client, expected, refunded).await
    }

    pub(super) async fn reset(&mut self, client: Client) -> Checked {
        let policies = self.sets[0].clone();
        let query = self.query(client, &policies, 1);
        let mut expected = self.key(client).expected.clone();
        expected.reset(&query);
        let reset = self.subject.reset(&query).await;
        // A refund of a charge that was reset would restore units of later charges.
        self.key(client).charges.clear();
        self.note(&format!("reset {client:?}"));
        self.changed(client, expected, reset).await
    }

    /// Peeks to see whether an operation without a value was made.
    async fn changed(&mut self, client: Client, expected: R, changed: Checked) -> Checked {
        match changed {
            Ok(()) => {
                self.key(client).expected = expected;
                self.peek(client, 1).await
            }
            Err(flaw) => self.resolve(client, expected, flaw).await,
        }
    }

    /// Finds out whether an operation was made as a whole or not at all, after the store failed to answer it. `made` is
    /// the state if it was.
    async fn resolve(&mut self, client: Client, mut made: R, flaw: Flaw) -> Checked {
        let Flaw::Failed(error) = flaw else { return Err(flaw) };
        if !self.subject.may_fail() {
            return Err(self.deviation(&format!("the operation failed: {error}")));
        }
        self.note(&format!("failed: {error}"));
        let (policies, now) = (self.sets[0].clone(), self.subject.decides_at());
        let query = self.query(client, &policies, 1);
        let outcome = self.subject.peek(&query).await?;
        let (with, without) = (made.peek(&query, now), self.key(client).expected.peek(&query, now));
        match (self.is_same(&with, &outcome), self.is_same(&without, &outcome)) {
            // The difference may only show later.
            (true, true) => self.is_over = true,
            (true, false) => self.key(client).expected = made,
            (false, _) => return self.compare("peek 1 after a failure", &without, &outcome),
        }
        Ok(())
    }

    fn query<'a>(&self, client: Client, policies: &'a Policies, cost: u32) -> Query<'a> {
        self.subject.query(self.keys[client as usize].hash, policies, cost)
    }

    fn is_same(&self, expected: &[PolicyState], answered: &Outcome) -> bool {
        is_same(expected, &answered.states, self.subject.tolerance())
    }
}
