//! Two instructions in a row that become one, or others: the build script finds and proves them, and the library rewrites.

/// Adds one that shifts by a number, in place of `mov cl, [node]` and a shift by cl, which is `code`.
pub fn shift_by_number(out: &mut Vec<u8>, code: &[u8], number: u8) {
    let (rex, shift) = code.split_at(code.len().saturating_sub(2));
    let &[opcode, modrm] = shift else { return };
    out.extend(rex);
    // c0 and c1 in place of d2 and d3
    out.extend([opcode & !0x12, modrm, number]);
}

/// Adds what puts the `f32` of a vector register into another and zero above it, in place of `movd` to a general register, which is
/// `code`, and a store of all of that to the slot that lives in register `n`.
pub fn single_alone(out: &mut Vec<u8>, code: &[u8], n: u8) {
    let (high, low) = (n >> 3, n & 7);
    let from = code.last().map_or(0, |modrm| modrm >> 3 & 7);
    // xorps
    out.extend([0x40 | high << 2 | high, 0x0f, 0x57, 0xc0 | low << 3 | low]);
    // movss
    out.extend([0xf3, 0x40 | high << 2, 0x0f, 0x10, 0xc0 | low << 3 | from]);
}
