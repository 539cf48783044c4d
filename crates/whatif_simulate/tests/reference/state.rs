//! Everything that can change.

use super::Rules;
use std::collections::BTreeMap;
use whatif_simulate::explore::*;

/// Who waits for a reply: a client by the number of its request, or a thread
/// by a number no other call has at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    Client(usize),
    Thread(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    Idle,
    Waiting { attempts: u8 },
    Ok,
    Failed,
    GaveUp,
}

/// A message and how often it was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    pub consumer: usize,
    pub request: usize,
    pub key: u8,
    pub payload: u64,
    pub deliveries: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waiting {
    pub call: usize,
    pub tries: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thread {
    pub operation: usize,
    pub at: usize,
    pub request: usize,
    pub key: u8,
    pub registers: [u64; 3],
    pub reply_to: Option<Caller>,
    pub waiting: Option<Waiting>,
    /// The message it has not acknowledged.
    pub message: Option<Message>,
    /// Token of each lock it took and did not give back.
    pub locks: BTreeMap<usize, u64>,
    /// Whether it took a step that can be noticed.
    pub noticed: bool,
    pub transaction: Option<Transaction>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transaction {
    pub begin: usize,
    pub commit: usize,
    /// Positions of the writes since `Begin`.
    pub writes: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packet {
    Request { operation: usize, request: usize, key: u8, from: Option<Caller> },
    Reply { operation: usize, request: usize, to: Option<Caller>, failed: bool },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub value: u64,
    pub commits: u64,
    pub newest_token: u64,
    pub fence: u64,
    /// Something was removed that nobody had read.
    pub unseen: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    pub holder: u64,
    pub last: u64,
}

/// Rows of an outbox, oldest first, and whether the first was published.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rows {
    pub payloads: Vec<u64>,
    pub published: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub clients: Vec<Client>,
    pub threads: Vec<Thread>,
    pub network: Vec<Packet>,
    pub queue: Vec<Message>,
    pub items: BTreeMap<(usize, usize), Cell>,
    pub keys: BTreeMap<(usize, usize, u8), Mark3>,
    pub outboxes: BTreeMap<(usize, usize), Rows>,
    /// Stage of each operation and request; 0 is closed.
    pub logs: BTreeMap<(usize, usize), u8>,
    pub locks: Vec<Lock>,
    /// Times applied and undone.
    pub effects: BTreeMap<(usize, usize), (u64, u64)>,
    pub newest: BTreeMap<usize, u64>,
    /// Version of each promise's item a request read before the effect.
    pub versions: BTreeMap<(usize, usize), u64>,
    pub stale_writer: bool,
    pub fresh_keys: Vec<u8>,
    pub faults: [u8; Fault::ALL.len()],
    pub cut: Option<Cut>,
    /// Whether something failed because of a cut.
    pub felt: bool,
}

/// A key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark3 {
    InFlight,
    Done,
}

/// Every item with its first value.
fn start(rules: &Rules) -> BTreeMap<(usize, usize), Cell> {
    let items = rules.slice.program.items.iter().enumerate();
    let cells = items.flat_map(|(item, spec)| {
        let value = u64::from(spec.starts);
        (0..rules.requests.len())
            .map(move |request| ((item, request), Cell { value, commits: value, ..Cell::default() }))
    });
    cells.collect()
}

impl State {
    pub fn new(rules: &Rules) -> State {
        State {
            clients: vec![Client::Idle; rules.requests.len()],
            threads: Vec::new(),
            network: Vec::new(),
            queue: Vec::new(),
            items: start(rules),
            keys: BTreeMap::new(),
            outboxes: BTreeMap::new(),
            logs: BTreeMap::new(),
            locks: vec![Lock::default(); rules.slice.program.locks.len()],
            effects: BTreeMap::new(),
            newest: BTreeMap::new(),
            versions: BTreeMap::new(),
            stale_writer: false,
            fresh_keys: vec![1; rules.requests.len()],
            faults: [0; Fault::ALL.len()],
            cut: None,
            felt: false,
        }
    }

    /// The same state with its multisets in order.
    pub fn sorted(mut self) -> State {
        self.threads.sort();
        self.network.sort();
        self.queue.sort();
        self
    }

    /// A number no call under way has.
    pub fn free_call(&self) -> usize {
        let used = |number: usize| {
            let caller = Some(Caller::Thread(number));
            self.threads
                .iter()
                .any(|thread| thread.reply_to == caller || thread.waiting.is_some_and(|waiting| waiting.call == number))
                || self.network.iter().any(|packet| packet.caller() == caller)
        };
        (0..).find(|number| !used(*number)).unwrap()
    }

    /// Nobody waits for that caller's call any more.
    pub fn disown(&mut self, caller: Caller) {
        for thread in &mut self.threads {
            if thread.reply_to == Some(caller) {
                thread.reply_to = None;
            }
        }
        for packet in &mut self.network {
            let (Packet::Request { from: of, .. } | Packet::Reply { to: of, .. }) = packet;
            if *of == Some(caller) {
                *of = None;
            }
        }
    }

    /// Whether the call may still be answered.
    pub fn is_under_way(&self, caller: Caller) -> bool {
        self.threads.iter().any(|thread| thread.reply_to == Some(caller))
            || self.network.iter().any(|packet| packet.caller() == Some(caller))
    }

    /// A key no other try has; none when they run out.
    pub fn fresh_key(&mut self, request: usize) -> u8 {
        if self.fresh_keys[request] >= 7 {
            return 0;
        }
        self.fresh_keys[request] += 1;
        self.fresh_keys[request]
    }

    /// Spends one fault, if it may still happen.
    pub fn spend(&mut self, rules: &Rules, fault: Fault) -> bool {
        let at = Fault::ALL.iter().position(|known| *known == fault).unwrap();
        self.faults[at] += 1;
        self.faults[at] <= rules.bounds.faults.allows(fault)
    }
}

impl Packet {
    pub fn caller(&self) -> Option<Caller> {
        match self {
            Packet::Request { from, .. } => *from,
            Packet::Reply { to, .. } => *to,
        }
    }
}
