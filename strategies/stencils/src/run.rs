//! Running it: as the handlers' own strategy does, whose stream has the addresses of machine code.

use std::sync::OnceLock;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Line, Listing, Shared};
use wasm_dispatch_threaded::copies::{self, Code, Draft, LAYOUT, Role, draft};

use crate::code::Assembly;
use crate::compile::assemble;
use crate::form::Form;
use crate::table::{self, Stencil};
use crate::what::What;

/// Compiles a function.
pub(crate) fn compile(body: &FunctionBody, form: Form, shared: Option<&Shared>) -> Code {
    compile_draft(draft(body), |draft| assemble(draft, body, form), shared)
}

/// Puts code in place of a function's handlers.
pub(crate) fn compile_draft(draft: Draft, assemble: impl FnOnce(&Draft) -> Assembly, shared: Option<&Shared>) -> Code {
    match refusal() {
        None => machine::code(draft, assemble, shared),
        // Never run: machines ask first.
        Some(_) => draft.with_handlers(),
    }
}

/// A line for each node. One without a stencil takes two dispatches: to its handler, and from there to the next node. A copy takes
/// one where it goes on at an address that it computes.
pub(crate) fn listing(body: &FunctionBody) -> Listing {
    let line = |node: copies::ListedNode| {
        let dispatches = match Stencil::of(node.name, node.v2) {
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
        machine::forbidden()
    });
    refusal.as_deref()
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod machine {
    use super::*;
    use std::sync::Arc;

    use crate::enter::enter;
    use crate::memory::{Arena, Region};

    /// The function as machine code, in its module's arena or in one of its own.
    pub(super) fn code(draft: Draft, assemble: impl FnOnce(&Draft) -> Assembly, shared: Option<&Shared>) -> Code {
        let arena = shared.and_then(|shared| shared.get_or_make(Arc::<Arena>::default).cloned());
        let assembly = assemble(&draft);
        let length = assembly.code.len();
        let place = |distance| assembly.placed(distance);
        match Region::new(&arena.unwrap_or_default(), &assembly.constants, length, place) {
            Ok(region) => enter(draft, &assembly, region),
            Err(error) => {
                log::warn!(
                    "a function runs by handlers in place of their copies, as there is no memory for code: {error}"
                );
                draft.with_handlers()
            }
        }
    }

    /// What the system says when code is to be made.
    pub(super) fn forbidden() -> Option<String> {
        const RETURN: u8 = 0xc3;
        let error = Region::new(&Arc::default(), &[], 1, |_| vec![RETURN]).err()?;
        Some(format!(
            "the system allows no code that is made while a program runs: {error}"
        ))
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod machine {
    use super::*;

    pub(super) fn code(draft: Draft, _assemble: impl FnOnce(&Draft) -> Assembly, _shared: Option<&Shared>) -> Code {
        draft.with_handlers()
    }

    pub(super) fn forbidden() -> Option<String> {
        Some("there is machine code for Linux on x86-64 only".to_owned())
    }
}
