use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_rate_limit::{
    KeyHash, Policies, Policy, PolicyState, Query,
    algorithm::{self, Cell},
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::Instant,
};

/// The address of a task that owns all cells, and its clock.
#[derive(Clone)]
pub(super) struct Server {
    requests: UnboundedSender<(Request, Reply)>,
    clock: Arc<AtomicU64>,
}

/// Another form of a query, which the server owns.
pub(super) struct Request {
    pub(super) key: KeyHash,
    pub(super) policies: Policies,
    pub(super) cost: u32,
    pub(super) operation: Operation,
    pub(super) deadline: Instant,
}

pub(super) enum Operation {
    Acquire,
    Peek,
    Refund(Decided),
    Reset,
}

/// The states after an operation, and its time by the clock of the server.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) states: Vec<PolicyState>,
    pub(super) at: u64,
}

type Reply = Box<dyn FnOnce(Decided) + Send>;

/// The cells by the bits of their keys and the ids of their policies, as bytes.
#[derive(Default)]
struct Cells(HashMap<(u128, u128), [u8; 20]>);

impl Server {
    pub(super) fn start() -> Self {
        let (requests, mut received) = unbounded_channel::<(Request, Reply)>();
        let server = Self { requests, clock: Arc::default() };
        let (clock, mut cells) = (server.clock.clone(), Cells::default());
        tokio::spawn(async move {
            while let Some((request, reply)) = received.recv().await {
                // The client has reported a failure already.
                if Instant::now() <= request.deadline {
                    reply(cells.process(&request, clock.load(SeqCst)));
                }
            }
        });
        server
    }

    pub(super) fn process(&self, request: Request, reply: impl FnOnce(Decided) + Send + 'static) {
        let _ = self.requests.send((request, Box::new(reply)));
    }

    pub(super) fn set_clock(&self, now: Duration) {
        self.clock.store(u64::try_from(now.as_nanos()).unwrap(), SeqCst);
    }
}

impl Cells {
    fn process(&mut self, request: &Request, at: u64) -> Decided {
        // Decisions are made by the clock of the server alone.
        let query = Query::new(request.key, &request.policies, request.cost, Instant::now());
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
