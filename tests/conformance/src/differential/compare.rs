//! Runs a plan everywhere and finds the first difference.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use wasm_dispatch::ir::verify::verify;
use wasm_dispatch::{BacktraceFrame, Metering, Module, Trap};

use super::plan::{End, Observation, Plan, digest};
use super::{ours, peer, reference};
use crate::mode::Mode;
use crate::random::strategies;

/// What was compared, to see that something was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Modules that every strategy ran.
    pub modules: usize,
    /// Modules that wasmi ran, too.
    pub with_peer: usize,
    /// Calls that returned.
    pub returned: usize,
    /// Values that they returned.
    pub values: usize,
    /// Calls that trapped.
    pub trapped: usize,
    /// Modules that the reference ran, too.
    pub with_reference: usize,
    /// Modules that wasmi panicked on.
    pub peer_panics: usize,
    /// Modules that wasmi ended otherwise, while the reference sides with the strategies.
    pub peer_wrong: usize,
    /// Rounds not compared with wasmi, because the call stack was exhausted, which is a matter of limits.
    pub inconclusive: usize,
    /// Times that a call was written down as bytes and went on in another machine.
    pub moves: u64,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Tally) {
        self.modules += other.modules;
        self.with_peer += other.with_peer;
        self.with_reference += other.with_reference;
        self.peer_panics += other.peer_panics;
        self.peer_wrong += other.peer_wrong;
        self.returned += other.returned;
        self.values += other.values;
        self.trapped += other.trapped;
        self.inconclusive += other.inconclusive;
        self.moves += other.moves;
    }
}

/// Runs a module under every strategy and compares them with each other and with the reference, which decides. Where
/// wasmi disagrees with all of them, that is counted: wasmi 2.0.0 is wrong about some modules.
///
/// # Errors
///
/// A description of the first difference, or of a panic.
pub fn compare(wasm: &[u8], plan: impl Fn(&Module) -> Plan, engine: &wasmi::Engine) -> Result<Tally, String> {
    let module = guarded("loading", || Module::new(wasm))?.map_err(|error| format!("refused: {error}"))?;
    let names: HashSet<_> = module.imports().map(|import| (&import.module, &import.name)).collect();
    if names.len() < module.imports().len() {
        // Imports are given by name, so two of one name and different types cannot be.
        return Ok(Tally::default());
    }
    for function in module.functions() {
        if let Some(Err(error)) = function.body().map(verify) {
            return Err(format!(
                "lowering broke its contract in function {}: {error}",
                function.index()
            ));
        }
    }
    let plan = plan(&module);
    let mut all: Vec<(&str, Vec<Observation>)> = Vec::new();
    for &strategy in strategies() {
        let observed = guarded(strategy.name(), || {
            ours::observe(&module, strategy, &plan, Mode::Whole).0
        })?;
        all.push((strategy.name(), observed));
    }
    let mut tally = Tally::default();
    let Some(((first, reference), others)) = all.split_first() else {
        return Err("no strategies".into());
    };
    for (name, observed) in others {
        for (round, (a, b)) in reference.iter().zip(observed).enumerate() {
            same(&plan, round, (first, a), (name, b), true)?;
        }
    }
    tally.moves = suspended(wasm, &plan, reference)?;
    tally.modules = 1;
    for (end, backtrace) in reference.iter().flat_map(|round| &round.ends) {
        match end {
            End::Returned(values) => {
                tally.returned += 1;
                tally.values += values.len();
            }
            End::Trapped(trap) => {
                tally.trapped += 1;
                let frames = backtrace.as_ref().map_or(&[][..], |backtrace| &backtrace.frames);
                sensible(wasm, *trap, frames)?;
            }
            End::Failed(message) => return Err(format!("failed instead of trapping: {message}")),
        }
    }
    let observed = guarded("the reference", || reference::observe(&module, wasm, &plan))??;
    tally.with_reference = 1;
    for (round, (a, b)) in reference.iter().zip(&observed).enumerate() {
        same(&plan, round, (first, a), ("the reference", b), false)?;
    }
    if !peer::IS_COMPARED {
        return Ok(tally);
    }
    let Ok(observed) = guarded("wasmi", || peer::observe(engine, wasm, &plan)) else {
        tally.peer_panics = 1;
        return Ok(tally);
    };
    let observed = observed.map_err(|message| format!("wasmi refuses the module: {message}"))?;
    tally.with_peer = 1;
    for (round, (a, b)) in reference.iter().zip(&observed).enumerate() {
        if exhausted(a) || exhausted(b) {
            tally.inconclusive += 1;
            continue;
        }
        if let Err(message) = same(&plan, round, (first, a), ("wasmi", b), false) {
            if std::env::var_os("WASM_DISPATCH_SEED").is_some() {
                println!("wasmi alone differs: {message}");
            }
            tally.peer_wrong = 1;
            return Ok(tally);
        }
    }
    Ok(tally)
}

/// Runs a plan suspended in all ways and compares with what happens without. Returns how often a call went on in another
/// machine.
fn suspended(wasm: &[u8], plan: &Plan, whole: &[Observation]) -> Result<u64, String> {
    let module = Module::options()
        .metering(Metering::Fuel)
        .compile(wasm)
        .map_err(|error| error.to_string())?;
    for function in module.functions() {
        if let Some(Err(error)) = function.body().map(verify) {
            return Err(format!(
                "metered, function {} breaks its contract: {error}",
                function.index()
            ));
        }
    }
    let mut fuel = None;
    let mut moves = 0;
    // Of the plan and not of the module, so that a module that is made smaller goes the same way.
    let seed = digest(format!("{plan:?}").as_bytes());
    for (number, &strategy) in strategies().iter().enumerate() {
        let usual = [Mode::Metered, Mode::Stepping, Mode::Hopping(number as u64)];
        // Where it goes from there is chosen anew at every move: to begin with one strategy is enough.
        let moving = seed as usize % strategies().len() == number;
        for mode in usual.into_iter().chain(moving.then_some(Mode::Moving(seed))) {
            let name = format!("{strategy}, {mode:?}");
            let (observed, effort) = guarded(&name, || ours::observe(&module, strategy, plan, mode))?;
            let used = effort.fuel;
            moves += effort.moves;
            if observed.iter().chain(whole).any(exhausted) {
                // A matter of limits, which are narrower for hopping.
                continue;
            }
            for (round, (a, b)) in whole.iter().zip(&observed).enumerate() {
                same(plan, round, ("without suspension", a), (&name, b), true)?;
            }
            if *fuel.get_or_insert(used) != used {
                return Err(format!("{name}: {used} instructions paid for, and {fuel:?} before"));
            }
        }
    }
    Ok(moves)
}

thread_local! {
    /// Whether a panic of this thread is reported by [`guarded`] and need not be printed.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something that may panic, and returns the message instead of printing it.
fn guarded<R>(who: &str, run: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    result.map_err(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        format!("{who} panicked: {}", message.unwrap_or_default())
    })
}

/// Whether the bytes that a backtrace points at are instructions that can trap so, or call.
fn sensible(wasm: &[u8], trap: Trap, frames: &[BacktraceFrame]) -> Result<(), String> {
    for (number, frame) in frames.iter().enumerate() {
        let opcode = wasm.get(frame.offset as usize).copied().unwrap_or_default();
        let (call, bulk) = (matches!(opcode, 0x10 | 0x11), opcode == 0xFC);
        let (division, truncation) = (
            matches!(opcode, 0x6D..=0x70 | 0x7F..=0x82),
            matches!(opcode, 0xA8..=0xAB | 0xAE..=0xB1),
        );
        let possible = match trap {
            _ if number > 0 => call,
            Trap::Unreachable => opcode == 0x00,
            Trap::IntegerDivideByZero => division,
            Trap::IntegerOverflow => division || truncation,
            Trap::InvalidConversionToInteger => truncation,
            // Those of vectors have a prefix.
            Trap::OutOfBoundsMemoryAccess => bulk || matches!(opcode, 0x28..=0x3E | 0xFD),
            Trap::OutOfBoundsTableAccess => bulk || matches!(opcode, 0x25 | 0x26),
            Trap::UndefinedElement | Trap::UninitializedElement | Trap::IndirectCallTypeMismatch => {
                matches!(opcode, 0x11 | 0x13)
            }
            _ => matches!(opcode, 0x10..=0x13),
        };
        if !possible {
            return Err(format!("{trap}: frame {number} is at opcode {opcode:#x}: {frame:?}"));
        }
    }
    Ok(())
}

fn exhausted(observation: &Observation) -> bool {
    let end = End::Trapped(Trap::CallStackExhausted);
    observation.ends.iter().any(|(other, _)| *other == end)
}

/// The traps that another engine may not tell apart.
fn class(end: &End) -> End {
    match end {
        End::Trapped(Trap::UndefinedElement) => End::Trapped(Trap::OutOfBoundsTableAccess),
        other => other.clone(),
    }
}

type From<'a> = (&'a str, &'a Observation);

fn same(plan: &Plan, round: usize, (a_name, a): From<'_>, (b_name, b): From<'_>, exact: bool) -> Result<(), String> {
    for (number, ((a_end, a_trace), (b_end, b_trace))) in a.ends.iter().zip(&b.ends).enumerate() {
        let equal = if exact {
            a_end == b_end
        } else {
            class(a_end) == class(b_end)
        };
        let call = match number.checked_sub(1) {
            Some(call) => format!("{:?}", plan.rounds[round].calls.get(call)),
            None => "instantiation".into(),
        };
        if !equal {
            return Err(format!(
                "round {round}, {call}:\n  {a_name}: {a_end:?}\n  {b_name}: {b_end:?}"
            ));
        }
        if exact && a_trace != b_trace {
            return Err(format!(
                "round {round}, {call}: {a_end:?}, but other backtraces:\n  {a_name}: {a_trace:?}\n  {b_name}: {b_trace:?}"
            ));
        }
    }
    if a.ends.len() != b.ends.len() {
        return Err(format!("round {round}: {a_name} and {b_name} made different calls"));
    }
    if a.remains != b.remains {
        return Err(format!(
            "round {round} leaves something else behind:\n  {a_name}: {:?}\n  {b_name}: {:?}",
            a.remains, b.remains
        ));
    }
    Ok(())
}
