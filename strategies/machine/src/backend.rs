//! The strategy contract: compile a function, and run the machine until it returns, traps or needs its owner.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use crate::cell::{CodeCell, CodeEntry};
use crate::host::Host;
use crate::state::Machine;
use wasm_dispatch_ir::code::{CodeBlock, FunctionBody, Statement};
use wasm_dispatch_ir::operands::EntryTypes;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::verify::{SCRATCH_SLOTS, verify};

/// A dispatch strategy, and what it says about itself.
///
/// [`Backend::run`] takes the topmost frame off [`State::frames`](crate::state::State::frames) and continues at its block.
/// That is how a run starts (the owner pushed a frame for block 0), how it continues after a host call, and how it can be
/// moved to another strategy.
pub trait Backend: Sized + Send + Sync + 'static {
    /// The strategy's name: its folder's.
    const NAME: &'static str;

    /// The literature's name for this way of dispatching.
    const TERM: &'static str;

    /// The idea in one line.
    const IDEA: &'static str;

    /// Whether the strategy's crate forbids unsafe code.
    const SAFE: bool;

    /// Whether it makes machine code while a program runs, for which it needs executable memory.
    const MAKES_CODE: bool = false;

    /// Why this build or this system cannot run the strategy, as a sentence without a full stop; `None` if it can. A machine asks
    /// before it runs anything; no other strategy takes over.
    fn refusal() -> Option<&'static str> {
        None
    }

    /// Whether calls find functions by [cells](CodeCell), of which a module then has one for each of its own.
    const CELLS: bool = false;

    /// A compiled function: immutable, shared by all machines.
    type Code: Send + Sync + 'static;

    /// Compiles a function. Cannot fail: everything that could be refused was refused by validation and lowering.
    fn compile(body: &FunctionBody) -> Self::Code;

    /// Compiles a function of a module. Whatever else its functions share, such as memory for machine code, is in `shared`.
    fn compile_within(body: &FunctionBody, _shared: &Shared) -> Self::Code {
        Self::compile(body)
    }

    /// Compiles functions of a module that are wanted together, in this order. For strategies that give them something in common.
    fn compile_batch(bodies: &[Arc<FunctionBody>], shared: &Shared) -> Vec<Self::Code> {
        bodies.iter().map(|body| Self::compile_within(body, shared)).collect()
    }

    /// What a compiled function's [cell](CodeCell) says, if it has one. The strategy itself trusts it: calls jump there.
    fn entry(_code: &Self::Code) -> Option<CodeEntry> {
        None
    }

    /// The code that a function is compiled to, block by block. For explanations and cost models, not for running.
    fn listing(body: &FunctionBody) -> Listing;

    /// The machine code that the strategy makes of a function while a program runs, block by block, if it makes any. For explanations.
    fn machine_code(_body: &FunctionBody) -> Option<Vec<Vec<NodeCode>>> {
        None
    }

    /// For each block of a function, the indirect jumps or calls from one piece of the strategy's code to the next that one
    /// run through it takes.
    fn dispatches(body: &FunctionBody) -> Vec<u32> {
        let blocks = Self::listing(body).into_iter();
        blocks
            .map(|lines| lines.iter().map(|line| line.dispatches).sum())
            .collect()
    }

    /// Heap bytes of a compiled function, the lowered form not included.
    fn code_bytes(code: &Self::Code) -> usize;

    /// Runs until the bottom frame returns, a trap, a host call, or the end of the slice. Host functions that `host` calls within
    /// the run do not end it. Owners of machines call
    /// [`proceed`](crate::driver::proceed) instead, which knows that a bulk builtin that ends with [`Trap::OutOfFuel`] must be
    /// carried out again.
    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit;
}

/// What the functions of one module share under one strategy, if the strategy makes use of it.
#[derive(Default)]
pub struct Shared {
    made: OnceLock<Box<dyn Any + Send + Sync>>,
    cells: Box<[CodeCell]>,
}

impl Shared {
    /// Of a module with so many cells.
    pub fn new(cells: usize) -> Shared {
        Shared {
            made: OnceLock::new(),
            cells: (0..cells).map(|_| CodeCell::new()).collect(),
        }
    }

    /// The cells of the module's own functions: all of them, or none if the strategy has none. They stay where they are.
    pub fn cells(&self) -> &[CodeCell] {
        &self.cells
    }

    /// The value, made when first asked for. `None`: it was made as another type.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.made.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = if self.made.get().is_some() { "made" } else { "not made" };
        write!(f, "Shared({made})")
    }
}

/// Why [`Backend::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The bottom frame returned; results are where the first frame's base was.
    Returned,
    /// A trap. The frame that trapped is [left](crate::state::State::leave_frame) in the state.
    Trapped {
        /// Why.
        trap: Trap,
        /// The statement of the current function that trapped.
        statement: u32,
    },
    /// A host function is to be called that cannot be [called within the run](Host::call). The caller's frame is on the frame stack,
    /// arguments and results are at `base`; the owner carries the call out and calls [`Backend::run`] again.
    HostCall {
        /// Index of the function in the machine.
        function: u32,
        /// First argument's slot on the value stack.
        base: u32,
    },
    /// [`State::slice`](crate::state::State::slice) does not hold what the next block or bulk builtin costs, or the topmost frame is of a
    /// function that has not arrived. The topmost frame goes on there; the owner grants another slice, or waits for the
    /// function, and may call [`Backend::run`] again.
    Suspended,
}

/// The lines of each block of a function.
///
/// A block that is compiled as part of another is still listed on its own, so that the dispatches of its lines, multiplied by
/// how often the block runs, add up to the program's.
pub type Listing = Vec<Vec<Line>>;

/// A piece of a strategy's code, in a [`Listing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it does, in the strategy's notation. Several parts are a superinstruction.
    pub parts: Vec<String>,
    /// How many dispatches it takes to run it once. Zero: a run through the block does not come here, because this code
    /// is out of line, where a loop is entered, or a copy runs instead.
    pub dispatches: u32,
}

impl Line {
    /// One dispatch that does one thing.
    pub fn new(text: impl Into<String>) -> Line {
        Line {
            parts: vec![text.into()],
            dispatches: 1,
        }
    }

    /// Its parts as one text: `s=i32.add(s,c) + if i32.lt_s(a,s)`.
    pub fn text(&self) -> String {
        self.parts.join(" + ")
    }

    /// Whether it is a superinstruction: one dispatch for several parts.
    pub fn is_super(&self) -> bool {
        self.parts.len() > 1
    }
}

/// Machine code that a strategy [made](Backend::machine_code) of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCode {
    /// What it does, in the strategy's notation.
    pub node: String,
    /// Where it begins, in bytes from the beginning of the function's code.
    pub place: u32,
    /// The code. What it reaches outside has the distance as if constants lay right behind the function's code.
    pub code: Vec<u8>,
}

/// The listing of code that is a list of operations, block after block, each one dispatch: `block_starts` says where each
/// block begins.
pub fn listing<T: ToString>(block_starts: &[u32], operations: &[T]) -> Listing {
    let ends = block_starts.iter().skip(1).copied().chain([operations.len() as u32]);
    let block = |(&start, end): (&u32, u32)| {
        let operations = operations[start as usize..end as usize].iter();
        operations.map(|operation| Line::new(operation.to_string())).collect()
    };
    block_starts.iter().zip(ends).map(block).collect()
}

/// What calls need to know of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FrameShape {
    /// Parameter slots, filled by the caller.
    pub params: u32,
    /// Slots of parameters and locals; those after the parameters start as zero.
    pub locals: u32,
    /// All slots.
    pub frame_size: u32,
}

/// A function ready to run.
#[derive(Debug)]
pub struct Compiled<C> {
    /// Its frame.
    pub shape: FrameShape,
    /// The strategy's code.
    pub code: C,
    /// The lowered form, for cold paths: terminators left to the driver, trap positions.
    pub body: Arc<FunctionBody>,
}

impl<C> Compiled<C> {
    fn new<B: Backend<Code = C>>(body: Arc<FunctionBody>, shared: &Shared) -> Box<Compiled<C>> {
        check(&body);
        let code = B::compile_within(&body, shared);
        Compiled::of(body, code)
    }

    fn of(body: Arc<FunctionBody>, code: C) -> Box<Compiled<C>> {
        Box::new(Compiled {
            shape: FrameShape {
                params: u32::from(body.params),
                locals: body.locals.len() as u32,
                frame_size: body.frame_size,
            },
            code,
            body,
        })
    }
}

/// In debug builds, makes sure that a strategy gets what lowering promises.
fn check(body: &FunctionBody) {
    if cfg!(debug_assertions)
        && let Err(error) = verify(body)
    {
        panic!("lowering broke its contract: {error}");
    }
}

/// A function whose first block costs more than any slice holds: entering it suspends the run at block 0, where the real
/// function begins, too.
fn absent() -> FunctionBody {
    FunctionBody {
        frame_size: u32::from(SCRATCH_SLOTS),
        statements: vec![Statement::Meter { cost: u32::MAX }, Statement::Trap(Trap::Unreachable)],
        statement_offsets: vec![0, 0],
        blocks: vec![CodeBlock {
            first: 0,
            terminator: 1,
            entry: EntryTypes::default(),
        }],
        ..FunctionBody::default()
    }
}

/// Where the lowered functions of a module come from.
pub trait Bodies: Send + Sync {
    /// Number of own functions.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The lowered form of an own function; `None` if it has not arrived.
    fn body(&self, function: u32) -> Option<Arc<FunctionBody>>;
    /// The lowered form of those of some functions that have arrived, in their order.
    fn bodies(&self, functions: &mut dyn Iterator<Item = u32>) -> Vec<(u32, Arc<FunctionBody>)> {
        functions
            .filter_map(|function| Some((function, self.body(function)?)))
            .collect()
    }
}

/// Functions that are all there.
impl Bodies for Vec<Arc<FunctionBody>> {
    fn len(&self) -> usize {
        Vec::len(self)
    }
    fn body(&self, function: u32) -> Option<Arc<FunctionBody>> {
        self.get(function as usize).cloned()
    }
}

/// The functions of one module under one strategy, compiled when first called, shared by all machines.
pub struct ModuleCode<B: Backend> {
    bodies: Arc<dyn Bodies>,
    functions: Box<[Lazy<B::Code>]>,
    /// Stands in for functions that have not arrived.
    absent: Lazy<B::Code>,
    shared: Shared,
    /// Of the functions that were compiled because they were called.
    called: AtomicU64,
    /// Of the functions that were compiled beforehand.
    beforehand: AtomicU64,
}

/// How much code of a module is compiled, in statements of its lowered form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    /// Of functions that were compiled because a program called them.
    pub called: u64,
    /// Of all functions that are compiled.
    pub all: u64,
}

/// Functions that are compiled together, on any number of threads: so the size of the code does not depend on that number.
const BATCH: usize = 32;

/// A function that is compiled when it is first asked for.
pub type Lazy<C> = OnceLock<Box<Compiled<C>>>;

impl<B: Backend> ModuleCode<B> {
    /// No function is compiled yet.
    pub fn new(bodies: Arc<dyn Bodies>) -> Self {
        let functions = (0..bodies.len()).map(|_| OnceLock::new()).collect();
        let shared = Shared::new(if B::CELLS { bodies.len() } else { 0 });
        ModuleCode {
            bodies,
            functions,
            absent: OnceLock::new(),
            shared,
            called: AtomicU64::new(0),
            beforehand: AtomicU64::new(0),
        }
    }

    /// How much is compiled.
    pub fn made(&self) -> Made {
        let called = self.called.load(Relaxed);
        let all = called + self.beforehand.load(Relaxed);
        Made { called, all }
    }

    /// A function, compiled now if it was not before. In place of one that has not arrived, code that suspends the run
    /// when it is entered.
    #[inline(always)]
    pub fn get(&self, function: u32) -> &Compiled<B::Code> {
        match self.functions[function as usize].get() {
            Some(compiled) => compiled,
            None => self.compile(function),
        }
    }

    /// The cells of all functions, if the strategy has such.
    pub fn cells(&self) -> &[CodeCell] {
        self.shared.cells()
    }

    /// A function if it is compiled already.
    #[inline(always)]
    pub fn compiled(&self, function: u32) -> Option<&Compiled<B::Code>> {
        self.functions.get(function as usize)?.get().map(|compiled| &**compiled)
    }

    #[cold]
    #[inline(never)]
    fn compile(&self, function: u32) -> &Compiled<B::Code> {
        let Some(body) = self.bodies.body(function) else {
            let absent = || Compiled::new::<B>(Arc::new(absent()), &self.shared);
            return self.absent.get_or_init(absent);
        };
        let compiled = self.functions[function as usize].get_or_init(|| {
            self.called.fetch_add(body.statements.len() as u64, Relaxed);
            Compiled::new::<B>(body, &self.shared)
        });
        self.enter_in_cell(function as usize, compiled);
        compiled
    }

    /// Lets calls find the code of a function, which is the only one that it will ever have.
    fn enter_in_cell(&self, function: usize, compiled: &Compiled<B::Code>) {
        // Written once: machines on other threads read it with every call.
        if let Some(cell) = self.cells().get(function)
            && !cell.is_set()
            && let Some(entry) = B::entry(&compiled.code)
        {
            cell.set(entry, compiled.shape.frame_size);
        }
    }

    /// Compiles all functions that have arrived, on this many threads, or fewer if the system has no more.
    pub fn compile_all(&self, threads: usize) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let first = next.fetch_add(BATCH, Relaxed);
                if first >= self.functions.len() {
                    return;
                }
                self.compile_batch(first..self.functions.len().min(first + BATCH));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(self.functions.len().div_ceil(BATCH)) {
                if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
    }

    /// Compiles those of some functions that have arrived and are not compiled yet.
    fn compile_batch(&self, functions: Range<usize>) {
        let wanted = functions.filter(|&function| self.functions[function].get().is_none());
        let bodies = self.bodies.bodies(&mut wanted.map(|function| function as u32));
        let (wanted, bodies): (Vec<u32>, Vec<Arc<FunctionBody>>) = bodies.into_iter().unzip();
        bodies.iter().for_each(|body| check(body));
        let compiled = B::compile_batch(&bodies, &self.shared);
        for ((function, body), code) in wanted.into_iter().zip(bodies).zip(compiled) {
            // Another thread may have been quicker.
            let compiled = self.functions[function as usize].get_or_init(|| {
                self.beforehand.fetch_add(body.statements.len() as u64, Relaxed);
                Compiled::of(body, code)
            });
            self.enter_in_cell(function as usize, compiled);
        }
    }

    /// Heap bytes of what has been compiled so far.
    pub fn code_bytes(&self) -> usize {
        let compiled = self.functions.iter().filter_map(OnceLock::get);
        compiled.map(|c| size_of_val(&**c) + B::code_bytes(&c.code)).sum()
    }
}

/// The code of a machine's instances, by instance.
pub struct Program<B: Backend> {
    /// One entry per instance.
    pub instances: Vec<Arc<ModuleCode<B>>>,
}

impl<B: Backend> Default for Program<B> {
    fn default() -> Self {
        Program { instances: Vec::new() }
    }
}

impl<B: Backend> Program<B> {
    /// The code of an instance.
    #[inline(always)]
    pub fn module(&self, instance: u32) -> &ModuleCode<B> {
        &self.instances[instance as usize]
    }
}
