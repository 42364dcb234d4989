//! Running it: as the handlers' own strategy does, whose stream has the addresses of machine code.

use std::sync::OnceLock;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_threaded::copies::{Code, Draft, LAYOUT, draft};

use crate::table;

/// Compiles a function.
pub(crate) fn compile(body: &FunctionBody) -> Code {
    let draft = draft(body);
    match refusal() {
        None => machine::code(draft),
        // Never run: machines ask first.
        Some(_) => draft.with_handlers(),
    }
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
    use crate::compile::assemble;
    use crate::enter::enter;
    use crate::memory::{Region, page};

    /// The function as machine code.
    pub(super) fn code(draft: Draft) -> Code {
        let assembly = assemble(&draft, page());
        match Region::new(&assembly.constants, &assembly.code) {
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
        let error = Region::new(&[], &[RETURN]).err()?;
        Some(format!(
            "the system allows no code that is made while a program runs: {error}"
        ))
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod machine {
    use super::*;

    pub(super) fn code(draft: Draft) -> Code {
        draft.with_handlers()
    }

    pub(super) fn forbidden() -> Option<String> {
        Some("there is machine code for Linux on x86-64 only".to_owned())
    }
}
