//! From data to code: a function's nodes get the addresses of their machine code.

use wasm_dispatch_threaded::copies::{Code, Draft, MachineCode};

use crate::code::Assembly;
use crate::memory::Region;

/// The function with its machine code, which is in this region.
pub(crate) fn enter(draft: Draft, assembly: &Assembly, region: Region) -> Code {
    let code = region.code();
    let addresses = assembly.entrances.iter().map(|&entrance| code + u64::from(entrance));
    // SAFETY: `compile` has written code for each node from the stencil of its handler, which the build has proved to stay in
    // itself or leave by an exit with the handler's registers, and has filled every hole with what it stands for; or code that
    // jumps to the handler. Tests run each stencil beside its handler. The region is executable until it is dropped, and the
    // function owns it.
    unsafe { draft.with_machine_code(addresses, Box::new(region)) }
}

impl MachineCode for Region {
    fn bytes(&self) -> usize {
        self.length()
    }
}
