//! Running it: as the handlers' own strategy does, whose stream has the addresses of machine code.

use std::sync::{Arc, OnceLock};

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Line, Listing, NodeCode, Shared};
use wasm_dispatch_threaded::copies::{self, Code, Draft, LAYOUT, Role, draft};

use crate::code::Assembly;
use crate::compile::assemble;
use crate::form::Form;
use crate::nodes::Cells;
use crate::table::{self, Finder};
use crate::what::What;

/// Compiles a function by itself.
pub(crate) fn compile(body: &FunctionBody, form: Form, shared: Option<&Shared>) -> Code {
    let cells = Cells::Of(shared.map_or(&[], Shared::cells));
    compile_draft(draft(body), |draft| assemble(draft, body, form, cells), shared)
}

/// Compiles functions of a module at once: they lie side by side in memory.
pub(crate) fn compile_batch(bodies: &[Arc<FunctionBody>], form: Form, shared: &Shared) -> Vec<Code> {
    let drafts = copies::drafts(bodies.iter().map(|body| &**body));
    if refusal().is_some() {
        return drafts.map(Draft::with_handlers).collect();
    }
    let assembled = drafts.zip(bodies).map(|(draft, body)| {
        let assembly = assemble(&draft, body, form, Cells::Of(shared.cells()));
        (draft, assembly)
    });
    let (drafts, assemblies): (Vec<Draft>, Vec<Assembly>) = assembled.unzip();
    machine::codes(drafts, &assemblies, shared)
}

/// Puts code in place of a function's handlers.
pub(crate) fn compile_draft(draft: Draft, assemble: impl FnOnce(&Draft) -> Assembly, shared: Option<&Shared>) -> Code {
    // Never run: machines ask first.
    if refusal().is_some() {
        return draft.with_handlers();
    }
    let assembly = assemble(&draft);
    machine::code(draft, assembly, shared)
}

/// A line for each node. One without a stencil takes two dispatches: to its handler, and from there to the next node. A copy takes
/// one where it goes on at an address that it computes.
pub(crate) fn listing(body: &FunctionBody) -> Listing {
    let line = |node: copies::ListedNode| {
        let dispatches = match Finder::with(|finder| finder.find(node.name, node.v2)) {
            _ if node.info.out_of_line => 0,
            None => 2,
            Some(stencil) => {
                let switches = stencil.holes().iter().any(|hole| hole.what == What::Table);
                let leaves = matches!(
                    node.role,
                    Role::Call | Role::CallAnywhere | Role::TailCall | Role::Return
                );
                u32::from(switches || leaves)
            }
        };
        Line {
            parts: vec![node.info.kind],
            dispatches,
        }
    };
    let blocks = copies::listing(body).into_iter();
    blocks.map(|nodes| nodes.into_iter().map(line).collect()).collect()
}

/// The machine code of each node, by block.
pub(crate) fn machine_code(body: &FunctionBody, form: Form) -> Option<Vec<Vec<NodeCode>>> {
    if refusal().is_some() {
        return None;
    }
    let assembly = assemble(&draft(body), body, form, Cells::Shown);
    let code = assembly.placed(assembly.code.len() as i32);
    // With what loads slots for those who come from elsewhere, where that lies before the node.
    let begins = assembly.starts.iter().zip(&assembly.entrances);
    let begins = begins.map(|(&start, &entrance)| start.min(entrance));
    let bounds: Vec<u32> = begins.chain([assembly.end]).collect();
    let node = |node: copies::ListedNode| NodeCode {
        node: node.info.kind,
        place: bounds[node.number],
        code: code[bounds[node.number] as usize..bounds[node.number + 1] as usize].to_vec(),
    };
    let blocks = copies::listing(body).into_iter();
    Some(blocks.map(|nodes| nodes.into_iter().map(node).collect()).collect())
}

/// Why the strategy cannot run here, if so. Found out at the first use: none of it changes while a process runs.
pub(crate) fn refusal() -> Option<&'static str> {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    let refusal = REFUSAL.get_or_init(|| {
        if let Some(missing) = table::MISSING {
            return Some(missing.to_owned());
        }
        if table::LAYOUT != LAYOUT {
            return Some("both builds of the handlers lay out the machine's state differently".to_owned());
        }
        if copies::handlers_call() {
            return Some("the compiler has made calls of the handlers' jumps".to_owned());
        }
        machine::forbidden()
    });
    refusal.as_deref()
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod machine {
    use super::*;

    use crate::enter::enter;
    use crate::memory::{Arena, Region};

    /// The function as machine code, in its module's arena or in one of its own.
    pub(super) fn code(draft: Draft, assembly: Assembly, shared: Option<&Shared>) -> Code {
        match place(std::slice::from_ref(&assembly), shared).and_then(|mut regions| regions.pop()) {
            Some(region) => enter(draft, &assembly, region),
            None => draft.with_handlers(),
        }
    }

    /// The functions as machine code, in their module's arena.
    pub(super) fn codes(drafts: Vec<Draft>, assemblies: &[Assembly], shared: &Shared) -> Vec<Code> {
        match place(assemblies, Some(shared)) {
            Some(regions) => {
                let functions = drafts.into_iter().zip(assemblies).zip(regions);
                functions
                    .map(|((draft, assembly), region)| enter(draft, assembly, region))
                    .collect()
            }
            None => drafts.into_iter().map(Draft::with_handlers).collect(),
        }
    }

    fn place(assemblies: &[Assembly], shared: Option<&Shared>) -> Option<Vec<Region>> {
        let arena = shared.and_then(|shared| shared.get_or_make(Arc::<Arena>::default).cloned());
        let placed = Region::place(&arena.unwrap_or_default(), assemblies);
        if let Err(error) = &placed {
            let count = assemblies.len();
            log::warn!("no memory for code: {count} functions run by handlers in place of their copies: {error}");
        }
        placed.ok()
    }

    /// What the system says when code is to be made.
    pub(super) fn forbidden() -> Option<String> {
        const RETURN: u8 = 0xc3;
        let function = Assembly {
            code: vec![RETURN],
            ..Assembly::default()
        };
        let error = Region::place(&Arc::default(), &[function]).err()?;
        Some(format!(
            "the system allows no code that is made while a program runs: {error}"
        ))
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod machine {
    use super::*;

    pub(super) fn code(draft: Draft, _assembly: Assembly, _shared: Option<&Shared>) -> Code {
        draft.with_handlers()
    }

    pub(super) fn codes(drafts: Vec<Draft>, _assemblies: &[Assembly], _shared: &Shared) -> Vec<Code> {
        drafts.into_iter().map(Draft::with_handlers).collect()
    }

    pub(super) fn forbidden() -> Option<String> {
        Some("there is machine code for Linux on x86-64 only".to_owned())
    }
}
