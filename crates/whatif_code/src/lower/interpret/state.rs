//! What the interpreter remembers.

use super::unit_facts::UnitFacts;
use crate::ir;
use crate::knowledge::{Knowledge, Versions};
use crate::language::{Manners, dialect};
use crate::lower::program::{FunctionId, Program};
use crate::lower::values::{Abs, FrameId, Kind, ObjectId};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use whatif_model::Span;
use whatif_model::basis::Answer;
use whatif_model::facts::code::{Language, Trigger};
use whatif_model::flow::{Effect, EffectId, EffectKind, Flow, LoopKind, OnError, Outcome, Protocol, Step};

/// Expressions and statements one entry point may take before its flow is cut.
const FUEL_PER_RUN: usize = 80_000;

/// Deepest nesting of interpreted constructs, own calls included.
pub(crate) const NEST_MAX: usize = 400;

/// How control leaves a list of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// At its end.
    Falls,
    /// By `return` on every path, or in different ways.
    Returns,
    /// By `break`.
    Breaks,
    /// By `continue`.
    Continues,
    /// By an exception or panic.
    Raises,
}

/// An instance, a dict or a library object.
pub(crate) struct Object<'a> {
    pub(crate) class: Class,
    pub(crate) fields: BTreeMap<Rc<str>, Abs<'a>>,
    /// Where it was constructed; `None` when only its type is known.
    pub(crate) made: Option<Span>,
}

/// What an object is an instance of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Own(crate::lower::program::TypeId),
    Library(Rc<str>),
    Dict,
}

/// Local names. Lookup goes on in the parent.
#[derive(Default)]
pub(crate) struct Frame<'a> {
    pub(crate) names: BTreeMap<&'a str, Abs<'a>>,
    pub(crate) parent: Option<FrameId>,
    /// Where the argument of a parameter lives, for writes through a pointer.
    pub(crate) places: BTreeMap<&'a str, Location<'a>>,
}

/// Where a value is kept.
#[derive(Clone, Debug)]
pub(crate) enum Location<'a> {
    Local(FrameId, &'a str),
    Field(ObjectId, Rc<str>),
}

/// A function that is being run.
pub(crate) struct Activation<'a> {
    pub(crate) function: Option<&'a ir::Function>,
    pub(crate) module: usize,
    pub(crate) frame: FrameId,
    pub(crate) call: Option<Span>,
    pub(crate) returns: Option<Abs<'a>>,
    pub(crate) defers: Vec<&'a ir::Expr>,
    /// Loops that were open when it began.
    pub(crate) loops: usize,
    /// `try` statements open inside it.
    pub(crate) tries: usize,
    /// How many conditions held when it began.
    pub(crate) held: usize,
}

/// A list of steps that is being written.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) steps: Vec<Step>,
    pub(crate) regions: Vec<Region>,
}

/// A transaction or lock that was begun and not ended yet.
pub(crate) struct Region {
    pub(crate) start: usize,
    pub(crate) object: Option<ObjectId>,
    pub(crate) name: String,
    pub(crate) what: RegionKind,
    pub(crate) span: Span,
    /// How it ended inside a block of this one, while the rest of this block goes on.
    pub(crate) ends: RegionEnd,
}

/// Where a region ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegionEnd {
    /// With its block.
    WithBlock,
    /// With the inner block that is being written.
    WithInner,
    /// After so many steps of its block.
    After(usize),
}

/// What a region becomes.
pub(crate) enum RegionKind {
    Transaction(Option<whatif_model::flow::Target>),
    /// A unit of work that is a transaction only when it is committed.
    Implicit(Option<whatif_model::flow::Target>),
    Lock(whatif_model::flow::Lock),
}

/// What is watched while a loop's body is run.
#[derive(Default)]
pub(crate) struct LoopWatch<'a> {
    /// The failure of an effect leads to the next round.
    pub(crate) failure_continues: bool,
    /// Success leaves the loop.
    pub(crate) success_leaves: bool,
    pub(crate) pauses: Vec<Abs<'a>>,
    /// A bound on the number of rounds found in the body.
    pub(crate) bound: Option<u32>,
    /// The message taken in the body.
    pub(crate) received: Option<Trigger>,
}

/// What is watched while the arm of a branch is run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) logged: bool,
    pub(crate) crashed: bool,
    /// The caller of the operation was told of a failure.
    pub(crate) failed: bool,
    /// A failure was returned to the calling function.
    pub(crate) returned_failure: bool,
    /// Something other than nothing was returned.
    pub(crate) returned: bool,
    pub(crate) assigned: bool,
}

/// A handler waiting to be run.
pub(crate) struct Registration<'a> {
    pub(crate) trigger: Trigger,
    pub(crate) handler: Handler<'a>,
    pub(crate) span: Span,
    /// Arguments the library is known to give.
    pub(crate) given: Vec<Abs<'a>>,
    /// What runs before the handler.
    pub(crate) before: Vec<Abs<'a>>,
    /// The handler that the one to be run looks up.
    pub(crate) in_hand: Option<Abs<'a>>,
    /// A layer around the handler that is not followed although it reads keys.
    pub(crate) layer: Option<Span>,
    /// The library remembers messages in the transaction that their handler runs in: what keeps them.
    pub(crate) remembers: Option<String>,
}

impl<'a> Registration<'a> {
    /// A handler of which nothing but its trigger is known.
    pub(crate) fn new(trigger: Trigger, handler: Handler<'a>, span: Span) -> Self {
        let (given, before) = (Vec::new(), Vec::new());
        Self { trigger, handler, span, given, before, in_hand: None, layer: None, remembers: None }
    }
}

/// What is run for an entry point.
pub(crate) enum Handler<'a> {
    /// A function, closure or object with a known method.
    Value(Abs<'a>),
    /// The body of a loop over messages or ticks, in the frame it was found in.
    Body { body: &'a [ir::Stmt], targets: Vec<&'a ir::Expr>, frame: FrameId, module: usize, name: String },
}

/// What a run has written.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) blocks: Vec<Block>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) decided: Vec<Option<OnError>>,
    /// Number of the first effect, so that effects of earlier runs are told apart.
    pub(crate) base: u32,
    pub(crate) cut: Vec<whatif_model::flow::Cut>,
    /// What was to be locked, and is not any more when the statement ends.
    pub(crate) void_locks: Vec<(String, Span)>,
    /// The conditions on the way to what is run.
    pub(crate) held: Vec<super::condition::Held>,
    pub(crate) answers: Vec<Answer>,
    /// Rows that were read, with the fields that were changed since.
    pub(crate) rows: super::rows::Rows,
    pub(crate) steps: usize,
    pub(crate) fuel: usize,
    pub(crate) trigger: Option<Trigger>,
    /// Whether the handler was given what tells that its caller has given up.
    pub(crate) token: bool,
}

/// The interpreter of one unit.
pub(crate) struct Interpreter<'a> {
    pub(crate) manners: Manners,
    pub(crate) program: &'a Program<'a>,
    pub(crate) knowledge: &'a Knowledge,
    pub(crate) versions: &'a Versions,
    pub(crate) heap: Vec<Object<'a>>,
    pub(crate) frames: Vec<Frame<'a>>,
    /// The frame of each package.
    pub(crate) globals: Vec<FrameId>,
    /// Python: modules whose top level was run.
    pub(crate) loaded: BTreeSet<usize>,
    /// What was ever stored in the fields of each type.
    pub(crate) summaries: BTreeMap<u32, ObjectId>,
    pub(crate) active: Vec<Activation<'a>>,
    pub(crate) loops: Vec<LoopWatch<'a>>,
    /// Transactions, locks and tries that enclose what is run: the names retry and lock rules need.
    pub(crate) watch: Watch,
    /// Effects whose failure is being handled in the arm that is run.
    pub(crate) guards: Vec<u32>,
    pub(crate) run: Run,
    /// Set when the last call never returns.
    pub(crate) diverged: Option<Exit>,
    /// Whether start-up is being run, so that registrations and strong writes count.
    pub(crate) starting: bool,
    pub(crate) nest: usize,
    /// The number of the first effect of the arguments of the call that is made.
    pub(crate) argument_effects: u32,
    /// How many embedded values a method is being looked for in.
    pub(crate) embedded: usize,
    pub(crate) registrations: Vec<Registration<'a>>,
    pub(crate) facts: UnitFacts,
    pub(crate) visited: BTreeSet<u32>,
    /// The same in the order of the first visit.
    pub(crate) visits: Vec<u32>,
    /// What the program's own providers make, by the canonical name of its type.
    pub(crate) provided: BTreeMap<String, Abs<'a>>,
    /// Transactions by annotation around what is run.
    pub(crate) annotated: usize,
    /// Tables whose rows have a version that a write must match.
    pub(crate) versioned: BTreeSet<String>,
    /// The class of each table's rows.
    pub(crate) entities: BTreeMap<String, crate::lower::program::TypeId>,
    /// Circuit breakers around what is run.
    pub(crate) breakers: Vec<(String, Span)>,
    /// Blocks that a store's client repeats as a whole.
    pub(crate) strategies: Vec<super::resilience::Strategy>,
    /// The identity each effect carries, as the number of the effect that made it.
    pub(crate) fresh: BTreeMap<u32, u32>,
    /// HTTP answers of which something was looked at, and those that were only logged.
    pub(crate) looked: BTreeSet<u32>,
    pub(crate) logged: BTreeSet<u32>,
    /// Reads that return live objects, and which of them were changed.
    pub(crate) live: BTreeSet<u32>,
    pub(crate) dirty: Vec<super::columns::Changed>,
    /// Routers mounted below a prefix, and the routers registrations came through.
    pub(crate) mounts: Vec<(ObjectId, String, Option<ObjectId>)>,
    pub(crate) routed: Vec<(usize, ObjectId)>,
    /// Routers mounted below others, by number: which router is around, and what runs before their routes.
    pub(crate) mounted_before: BTreeMap<u32, (ObjectId, Vec<Abs<'a>>)>,
    /// What is left to be run for the request that is handled.
    pub(crate) chain: super::middleware::Chain<'a>,
    /// Properties set for every use of a library, by its prefix.
    pub(crate) library_defaults: BTreeMap<(String, String), Abs<'a>>,
    /// How deep calls were where the handler that runs was reached.
    pub(crate) depth_base: usize,
    /// The pauses after which what is run runs.
    pub(crate) delays: Vec<Abs<'a>>,
    /// Types that were constructed.
    pub(crate) made: BTreeSet<u32>,
    /// What a container hands out.
    pub(crate) container: super::injection::Container<'a>,
    /// Whether the assignment that is run computes the new value from the old one.
    pub(crate) derives: bool,
    /// HTTP calls that do not fail for an answer of failure.
    pub(crate) unchecked: BTreeSet<u32>,
    /// How many objects there were when the start was over.
    pub(crate) made_at_start: usize,
    /// Heads of loops over elements.
    pub(crate) each_heads: BTreeSet<Span>,
    /// How many modules a name is being followed through.
    pub(crate) handed_on: usize,
    /// Routers with a layer that reads the keys of requests.
    pub(crate) keyed_layers: BTreeMap<u32, Span>,
    /// Those that count without end.
    pub(crate) endless: BTreeSet<Span>,
    /// What comparisons and constants tell of earlier results.
    pub(crate) tested: Vec<super::condition::Tested>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(program: &'a Program<'a>, knowledge: &'a Knowledge, versions: &'a Versions) -> Self {
        let mut interpreter = Self {
            manners: dialect(program.language).manners(),
            program,
            knowledge,
            versions,
            heap: Vec::new(),
            frames: Vec::new(),
            globals: Vec::new(),
            loaded: BTreeSet::new(),
            summaries: BTreeMap::new(),
            active: Vec::new(),
            loops: Vec::new(),
            watch: Watch::default(),
            guards: Vec::new(),
            run: Run::default(),
            diverged: None,
            starting: true,
            nest: 0,
            argument_effects: 0,
            embedded: 0,
            registrations: Vec::new(),
            facts: UnitFacts::default(),
            visited: BTreeSet::new(),
            visits: Vec::new(),
            container: Default::default(),
            derives: false,
            unchecked: BTreeSet::new(),
            made_at_start: 0,
            each_heads: BTreeSet::new(),
            handed_on: 0,
            keyed_layers: BTreeMap::new(),
            endless: BTreeSet::new(),
            tested: Vec::new(),
            made: BTreeSet::new(),
            mounts: Vec::new(),
            mounted_before: BTreeMap::new(),
            chain: Default::default(),
            delays: Vec::new(),
            depth_base: 0,
            library_defaults: BTreeMap::new(),
            routed: Vec::new(),
            breakers: Vec::new(),
            strategies: Vec::new(),
            provided: BTreeMap::new(),
            versioned: BTreeSet::new(),
            entities: BTreeMap::new(),
            annotated: 0,
            fresh: BTreeMap::new(),
            looked: BTreeSet::new(),
            logged: BTreeSet::new(),
            live: BTreeSet::new(),
            dirty: Vec::new(),
        };
        interpreter.globals = (0..program.packages.len()).map(|_| interpreter.new_frame(None)).collect();
        interpreter.begin_run(None);
        interpreter
    }

    /// Forgets what the last run wrote and begins another one.
    pub(crate) fn begin_run(&mut self, trigger: Option<Trigger>) {
        let base = self.run.base + u32::try_from(self.run.effects.len()).unwrap_or(0);
        self.run = Run { base, fuel: FUEL_PER_RUN, blocks: vec![Block::default()], trigger, ..Run::default() };
        self.active.clear();
        self.loops.clear();
        self.guards.clear();
        self.watch = Watch::default();
        self.diverged = None;
        self.nest = 0;
        self.depth_base = 0;
        self.container.notices.clear();
    }

    /// The flow the run wrote. `assumed` is what happens to failures nobody decided about.
    pub(crate) fn finish_run(&mut self, assumed: OnError) -> Flow {
        while self.run.blocks.len() > 1 {
            let steps = self.close_block();
            self.push_steps(steps);
        }
        let steps = self.close_block();
        let mut run = std::mem::take(&mut self.run);
        self.ignored_answers(&mut run);
        for (effect, decided) in run.effects.iter_mut().zip(&run.decided) {
            effect.on_error = decided.unwrap_or(assumed);
        }
        let effects = std::mem::take(&mut run.effects);
        let count = u32::try_from(effects.len()).unwrap_or(0);
        self.run = Run { base: run.base + count, ..Run::default() };
        let rows = run.rows.finish(run.base);
        Flow {
            steps,
            effects,
            cut: run.cut,
            void_locks: run.void_locks,
            answers: run.answers,
            rows,
            round: None,
            idle: None,
        }
    }

    /// Python's HTTP clients do not raise for an answer of failure: nobody learns of one that is not looked at.
    fn ignored_answers(&self, run: &mut Run) {
        if !self.is_python() && self.unchecked.is_empty() {
            return;
        }
        for (at, effect) in run.effects.iter().enumerate() {
            let number = run.base + u32::try_from(at).unwrap_or(u32::MAX);
            let is_http = matches!(&effect.kind, EffectKind::Call { protocol: Protocol::Http, .. });
            let passed_on = matches!(run.decided[at], None | Some(OnError::Propagate));
            let unchecked = self.is_python() || self.unchecked.contains(&number);
            if is_http && unchecked && passed_on && !self.looked.contains(&number) {
                let logged = self.logged.contains(&number);
                run.decided[at] = Some(if logged { OnError::LogAndContinue } else { OnError::Discard });
            }
        }
    }

    /// Notes that a function is run.
    pub(crate) fn visit(&mut self, id: FunctionId) {
        if self.visited.insert(id.0) {
            self.visits.push(id.0);
        }
    }

    /// Forgets the visits after the first `count`.
    pub(crate) fn forget_visits(&mut self, count: usize) {
        for id in self.visits.drain(count.min(self.visits.len())..) {
            self.visited.remove(&id);
        }
    }

    /// Notes that the result of effects matters to what follows.
    pub(crate) fn look_at(&mut self, from: &crate::lower::values::Taint) {
        self.looked.extend(from.data());
    }

    pub(crate) fn new_frame(&mut self, parent: Option<FrameId>) -> FrameId {
        self.frames.push(Frame { parent, ..Frame::default() });
        FrameId(u32::try_from(self.frames.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn frame(&mut self, id: FrameId) -> &mut Frame<'a> {
        &mut self.frames[id.0 as usize]
    }

    pub(crate) fn object(&self, id: ObjectId) -> &Object<'a> {
        &self.heap[id.0 as usize]
    }

    pub(crate) fn new_object(&mut self, class: Class, made: Option<Span>) -> ObjectId {
        self.heap.push(Object { class, fields: BTreeMap::new(), made });
        ObjectId(u32::try_from(self.heap.len() - 1).unwrap_or(u32::MAX))
    }

    /// The module of the code that is being run.
    pub(crate) fn module(&self) -> usize {
        self.active.last().map_or(0, |activation| activation.module)
    }

    /// The frame of the code that is being run.
    pub(crate) fn here(&self) -> FrameId {
        self.active.last().map_or(FrameId(0), |activation| activation.frame)
    }

    pub(crate) fn span(&self, range: whatif_model::Range) -> Span {
        self.program.span(self.module(), range)
    }

    pub(crate) fn is_go(&self) -> bool {
        self.program.language == Language::Go
    }

    pub(crate) fn is_python(&self) -> bool {
        self.program.language == Language::Python
    }

    /// Whether the code that is run is the entry point itself, not something it calls.
    pub(crate) fn at_entry(&self) -> bool {
        self.active.len() <= 1
    }

    /// Uses up fuel; false when there is none left.
    pub(crate) fn step(&mut self, range: whatif_model::Range) -> bool {
        match self.run.fuel {
            0 => false,
            1 => {
                self.run.fuel = 0;
                self.cut(range, "the operation is too large to be followed to its end");
                false
            }
            _ => {
                self.run.fuel -= 1;
                true
            }
        }
    }

    pub(crate) fn cut(&mut self, range: whatif_model::Range, reason: &str) {
        let span = self.span(range);
        if !self.run.cut.iter().any(|cut| cut.span == span) {
            self.run.cut.push(whatif_model::flow::Cut { span, reason: reason.to_owned() });
        }
    }

    pub(crate) fn open_block(&mut self) {
        self.run.blocks.push(Block::default());
    }

    /// Ends the innermost block; regions still open in it end with it.
    pub(crate) fn close_block(&mut self) -> Vec<Step> {
        let Some(mut block) = self.run.blocks.pop() else { return Vec::new() };
        while let Some(region) = block.regions.pop() {
            Self::wrap(&mut block.steps, region);
        }
        block.steps
    }

    pub(crate) fn block(&mut self) -> &mut Block {
        if self.run.blocks.is_empty() {
            self.run.blocks.push(Block::default());
        }
        let last = self.run.blocks.len() - 1;
        &mut self.run.blocks[last]
    }

    pub(crate) fn push_step(&mut self, step: Step) {
        if self.run.steps < whatif_model::limits::FLOW_STEPS_MAX {
            self.run.steps += 1;
            self.block().steps.push(step);
            self.end_inner();
        } else if let Some(function) = self.active.last().and_then(|activation| activation.function) {
            self.cut(function.name_range, "the flow has more steps than are kept");
        }
    }

    pub(crate) fn push_steps(&mut self, steps: Vec<Step>) {
        self.block().steps.extend(steps);
        self.end_inner();
    }

    /// Regions that ended in the inner block just written end here.
    fn end_inner(&mut self) {
        let block = self.block();
        let written = block.steps.len();
        for region in block.regions.iter_mut().filter(|region| region.ends == RegionEnd::WithInner) {
            region.ends = RegionEnd::After(written);
        }
    }

    /// The effect with this number, when it belongs to this run.
    pub(crate) fn effect(&self, number: u32) -> Option<&Effect> {
        self.run.effects.get(number.checked_sub(self.run.base)? as usize)
    }

    /// The number the next effect gets.
    pub(crate) fn next_effect(&self) -> u32 {
        self.run.base + u32::try_from(self.run.effects.len()).unwrap_or(0)
    }

    /// Writes down an effect and returns its number.
    pub(crate) fn push_effect(&mut self, effect: Effect) -> u32 {
        let number = self.next_effect();
        if self.run.effects.len() < whatif_model::limits::FLOW_STEPS_MAX {
            self.run.effects.push(effect);
            self.run.decided.push(None);
            self.push_step(Step::Effect(EffectId(number - self.run.base)));
        }
        number
    }

    /// Decides what happens when effects fail, where nobody has decided yet.
    pub(crate) fn decide(&mut self, effects: impl IntoIterator<Item = u32>, what: OnError) {
        for number in effects {
            if let Some(at) = number.checked_sub(self.run.base)
                && let Some(decided) = self.run.decided.get_mut(at as usize)
                && decided.is_none()
            {
                *decided = Some(what);
            }
        }
    }

    /// Ends the operation here, when this is the operation itself.
    pub(crate) fn end_operation(&mut self, outcome: Outcome, span: Span) {
        self.push_step(Step::Return { outcome, span });
    }

    /// A fresh object of a library type.
    pub(crate) fn library_object(&mut self, class: &str, made: Option<Span>) -> Abs<'a> {
        Kind::Object(self.new_object(Class::Library(Rc::from(class)), made)).into()
    }

    pub(crate) fn loop_step(body: Vec<Step>, kind: LoopKind, span: Span) -> Step {
        Step::Loop { body, kind, span }
    }
}
