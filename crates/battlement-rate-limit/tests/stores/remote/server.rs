mod clock;

use std::{collections::HashMap, fmt};

use battlement_rate_limit::{
    Policy, PolicyState, Query,
    algorithm::{self, Cell},
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::Instant,
};

use self::clock::Clock;
pub(crate) use self::clock::Lie;
use super::question::{Operation, Question};

/// The address of a task that owns all cells, and its clock.
#[derive(Clone)]
pub(crate) struct Server {
    requests: UnboundedSender<(Request, Reply)>,
    clock: Clock,
}

/// A question with the time after which the server refuses it.
pub(super) struct Request {
    pub(super) question: Question,
    pub(super) operation: Operation,
    pub(super) deadline: Instant,
}

/// The states after an operation, and its time by the clock of the server.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    pub(super) states: Vec<PolicyState>,
    pub(super) at: u64,
}

/// Receives `None` if the request was refused.
type Reply = Box<dyn FnOnce(Option<Decided>) + Send>;

/// The cells by the bits of their keys and the ids of their policies, as bytes.
#[derive(Default)]
struct Cells(HashMap<(u128, u128), [u8; 20]>);

impl Server {
    pub(super) fn start() -> Self {
        let (requests, mut received) = unbounded_channel::<(Request, Reply)>();
        let server = Self { requests, clock: Clock::new() };
        let (clock, mut cells) = (server.clock.clone(), Cells::default());
        tokio::spawn(async move {
            while let Some((request, reply)) = received.recv().await {
                // The client has reported a failure already.
                let is_late = clock.has_passed(request.deadline);
                reply((!is_late).then(|| cells.process(&request, clock.now())));
            }
        });
        server
    }

    pub(super) fn process(
        &self,
        request: Request,
        reply: impl FnOnce(Option<Decided>) + Send + 'static,
    ) {
        let _ = self.requests.send((request, Box::new(reply)));
    }
}

impl Cells {
    fn process(&mut self, request: &Request, at: u64) -> Decided {
        // Decisions are made by the clock of the server alone.
        let query = request.question.as_query();
        let mut cells = self.read(&query);
        let states = match &request.operation {
            Operation::Acquire => algorithm::acquire(&query, &mut cells, at).to_vec(),
            Operation::Peek => algorithm::peek(&query, &mut cells, at).to_vec(),
            Operation::Refund(charged) => {
                algorithm::refund(&query, &mut cells, at, charged.at, &charged.states);
                Vec::new()
            }
            Operation::Reset => {
                cells.fill(Cell::default());
                Vec::new()
            }
        };
        self.write(&query, &cells);
        Decided { states, at }
    }

    fn read(&self, query: &Query<'_>) -> Vec<Cell> {
        let cell = |policy: &Policy| self.0.get(&(query.key.bits(), policy.id()));
        let read = |policy| cell(policy).map_or_else(Cell::default, |cell| Cell::from_bytes(*cell));
        query.policies.iter().map(read).collect()
    }

    fn write(&mut self, query: &Query<'_>, cells: &[Cell]) {
        for (policy, cell) in query.policies.iter().zip(cells) {
            self.0.insert((query.key.bits(), policy.id()), cell.to_bytes());
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
