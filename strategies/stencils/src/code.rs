//! The form of the code: a function's machine code, and the constants that it reads.

/// A function's machine code, before it has a place. All distances within it are known, but not those to the constants; the
/// addresses that it holds are of other things.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    /// Constants: data, which is never executable.
    pub constants: Vec<u8>,
    pub code: Vec<u8>,
    /// Fields of 32 bits that reach constants: where they are, and the distance if the constants began where the code does.
    pub reaches: Vec<(u32, i32)>,
    /// Where each node's code begins, and where it does for those who come from elsewhere.
    pub starts: Vec<u32>,
    pub entrances: Vec<u32>,
    /// Where the code of the last node ends: what follows are ways out.
    pub end: u32,
    /// Nodes whose handler is called, as there is no stencil of it.
    pub handlers: usize,
}

impl Assembly {
    /// The code, where the constants are at this distance from it.
    pub(crate) fn placed(&self, distance: i32) -> Vec<u8> {
        let mut code = self.code.clone();
        for &(at, reach) in &self.reaches {
            let at = at as usize;
            code[at..at + size_of::<i32>()].copy_from_slice(&reach.wrapping_add(distance).to_le_bytes());
        }
        code
    }
}
