//! Reads the handlers' machine code from the object.

use std::collections::{BTreeMap, BTreeSet};

use object::elf::{R_X86_64_8, R_X86_64_32, R_X86_64_32S, R_X86_64_PC32, R_X86_64_PLT32};
use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, Relocation, RelocationFlags, RelocationTarget, SectionIndex,
};

use crate::stencil::{Draft, Hole, Pool, Stencil, What};
use crate::table::Table;

#[path = "../src/key.rs"]
mod key;

type Elf<'a> = ElfFile64<'a, LittleEndian>;

/// Handlers that a function's machine code may be copied of, at least; fewer mean a compiler that this was not made for.
const FEWEST: usize = 2_000;

/// The handler of returns.
const RETURN: &str = "wasm_dispatch_threaded::handlers::returns::Return";

/// The table of all handlers that can be copied, each from the first of these objects in which it can, or from one in which it is
/// shorter.
pub fn read(objects: &[Vec<u8>]) -> Result<Table, String> {
    let mut table = Table::default();
    let mut pool = Pool::default();
    let (mut stencils, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for bytes in objects {
        let file = Elf::parse(&**bytes).map_err(|error| format!("the object cannot be read: {error}"))?;
        let layout = layout(&file)?;
        if !table.layout.is_empty() && table.layout != layout {
            return Err("the objects lay out the machine's state differently".to_owned());
        }
        table.layout = layout;
        // Keys of this object: two handlers with one key would be taken for each other.
        let mut keys = BTreeSet::new();
        for symbol in file.symbols() {
            let name = symbol.name().unwrap_or_default();
            let Some(section) = symbol
                .section_index()
                .filter(|_| symbol.is_definition() && name.contains("3abi"))
            else {
                continue;
            };
            let name = format!("{:#}", rustc_demangle::demangle(name));
            let Some((handler, v2)) = handler(&name) else { continue };
            let key = key::key(handler, v2);
            if !keys.insert(key) {
                return Err("two handlers have one key".to_owned());
            }
            let known: Option<&Stencil> = stencils.get(&key);
            let draft = draft(&file, section, symbol.address(), symbol.size(), &mut pool);
            match draft.and_then(Draft::finish) {
                Ok(stencil) if known.is_none_or(|known| stencil.is_shorter_than(known)) => {
                    refused.remove(&key);
                    stencils.insert(key, stencil);
                }
                Err(reason) if known.is_none() => {
                    refused.insert(key, reason);
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    for (key, stencil) in stencils {
        let fields = stencil.write(&mut table);
        table.stencils.push((key, fields));
    }
    let mut reasons = BTreeMap::new();
    for reason in refused.into_values() {
        *reasons.entry(reason).or_default() += 1;
    }
    table.constants = pool.constants;
    table.refused = reasons.into_iter().collect();
    // Only a copy of it goes on where copies of calls say.
    if !table
        .stencils
        .iter()
        .any(|&(found, _)| found == key::key(RETURN, false))
    {
        return Err(format!(
            "returns cannot be copied: an unexpected compiler; {:?}",
            table.refused
        ));
    }
    if table.stencils.len() < FEWEST {
        let found = table.stencils.len();
        return Err(format!(
            "only {found} handlers can be copied: an unexpected compiler; {:?}",
            table.refused
        ));
    }
    Ok(table)
}

/// The handler of which a symbol is the entry point, and whether it is the form for newer machines.
fn handler(name: &str) -> Option<(&str, bool)> {
    const ENTRIES: [(&str, bool); 2] = [
        ("wasm_dispatch_threaded::abi::enter::<", false),
        ("wasm_dispatch_threaded::abi::enter_v2::<", true),
    ];
    let (inner, v2) = ENTRIES
        .iter()
        .find_map(|&(entry, v2)| Some((name.strip_prefix(entry)?, v2)))?;
    Some((inner.strip_suffix(", wasm_dispatch_threaded::abi::Jumps>")?, v2))
}

fn layout(file: &Elf<'_>) -> Result<Vec<u32>, String> {
    const MISSING: &str = "the object has no layout";
    let symbol = file
        .symbols()
        .find(|symbol| symbol.name() == Ok("STENCIL_LAYOUT"))
        .ok_or(MISSING)?;
    let section = file
        .section_by_index(symbol.section_index().ok_or(MISSING)?)
        .map_err(|_| MISSING)?;
    let data = section.data().map_err(|_| MISSING)?;
    let start = symbol.address() as usize;
    let data = data.get(start..start + symbol.size() as usize).ok_or(MISSING)?;
    Ok(data
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect())
}

fn draft(file: &Elf<'_>, section: SectionIndex, start: u64, size: u64, pool: &mut Pool) -> Result<Draft, String> {
    let section = file.section_by_index(section).map_err(|error| error.to_string())?;
    let data = section.data().map_err(|error| error.to_string())?;
    let code = data.get(start as usize..(start + size) as usize).ok_or("has no code")?;
    let mut draft = Draft::decode(code)?;
    for (at, relocation) in section.relocations() {
        if (start..start + size).contains(&at) {
            let at = (at - start) as usize;
            let end = draft.end_of(at).ok_or("has a relocation between instructions")?;
            let hole = hole(file, &relocation, at, end, pool)?;
            draft.holes.push(hole);
        }
    }
    draft.holes.sort_by_key(|hole| hole.at);
    Ok(draft)
}

/// What a relocation stands for. Everything that is not known is refused.
fn hole(file: &Elf<'_>, relocation: &Relocation, at: usize, end: usize, pool: &mut Pool) -> Result<Hole, String> {
    let RelocationFlags::Elf { r_type } = relocation.flags() else {
        return Err("has a relocation of an unknown kind".to_owned());
    };
    let RelocationTarget::Symbol(index) = relocation.target() else {
        return Err("has a relocation without a symbol".to_owned());
    };
    let symbol = file.symbol_by_index(index).map_err(|error| error.to_string())?;
    let name = symbol.name().unwrap_or_default();
    let addend = relocation.addend();
    // From the field to the end of its instruction, which addresses count from.
    let rest = (end - at) as i64;
    let numbered = |prefix: &str| name.strip_prefix(prefix).and_then(|rest| rest.parse::<u8>().ok());
    let exit = |what| match (r_type, addend) {
        (R_X86_64_PLT32 | R_X86_64_PC32, -4) => Ok((what, 0)),
        _ => Err(format!("has the address of {name}")),
    };
    let (what, offset) = if let Some(section) = symbol.section_index() {
        let section = file.section_by_index(section).map_err(|error| error.to_string())?;
        let from = section.name().unwrap_or_default();
        let from = from.split("..").next().unwrap_or_default();
        if r_type != R_X86_64_PC32 || !from.starts_with(".rodata.cst") {
            return Err(match from.starts_with(".text") {
                true => "calls a function".to_owned(),
                false => "reads a table of its own".to_owned(),
            });
        }
        let place = symbol.address() as i64 + addend + rest;
        let bytes = section.data().map_err(|error| error.to_string())?;
        let bytes = usize::try_from(place)
            .ok()
            .and_then(|place| bytes.get(place..))
            .ok_or("has a constant nowhere")?;
        (What::Constant(pool.add(bytes)), 0)
    } else if name == "NODE" {
        if r_type != R_X86_64_PC32 {
            return Err("hands on the node's address".to_owned());
        }
        (What::Units, (addend + rest) as i32)
    } else if let "BEHIND" | "CELL" | "CELLS" | "SWITCH_TABLE" | "SWITCH_HERE" = name {
        if (r_type, addend + rest) != (R_X86_64_PC32, 0) {
            return Err(format!("has the address of {name}"));
        }
        match name {
            "BEHIND" => (What::Behind, 0),
            "CELL" => (What::Cell, 0),
            "CELLS" => (What::Cells, 0),
            "SWITCH_TABLE" => (What::Table, 0),
            _ => (What::Here, 0),
        }
    } else if let Some(unit) = numbered("SLOT_") {
        if !matches!(r_type, R_X86_64_32 | R_X86_64_32S) {
            return Err("has a slot in an unknown way".to_owned());
        }
        (What::Slot(unit), addend as i32)
    } else if let Some(number) = number(name) {
        if (r_type, addend) != (R_X86_64_8, 0) {
            return Err("has a number in an unknown way".to_owned());
        }
        (number, 0)
    } else if let Some(unit) = numbered("VECTOR_") {
        if (r_type, addend + rest) != (R_X86_64_PC32, 0) {
            return Err("has a vector in an unknown way".to_owned());
        }
        (What::Vector(unit), 0)
    } else if name == "GLOBAL" {
        if !matches!(r_type, R_X86_64_32 | R_X86_64_32S) || addend != 0 {
            return Err("has a global in an unknown way".to_owned());
        }
        (What::Global, 0)
    } else if name == "OFFSET" {
        let place = addend + rest;
        match (r_type, place % 8, u8::try_from(place / 8)) {
            (R_X86_64_PC32, 0, Ok(width)) => (What::Offset(width), 0),
            _ => return Err("has an offset in an unknown way".to_owned()),
        }
    } else if let Some(trap) = numbered("TRAP_") {
        exit(What::Trap(trap))?
    } else {
        match name {
            "NEXT" => exit(What::Next)?,
            "TARGET" => exit(What::Target)?,
            "RARE" => exit(What::Rare)?,
            _ => return Err("calls a function".to_owned()),
        }
    };
    Ok(Hole { at, what, offset })
}

/// The byte that a symbol stands for, if it does for one of a number.
fn number(name: &str) -> Option<What> {
    let (kind, unit) = name.split_once('_')?;
    let (back, mask) = match kind.strip_prefix("BACK") {
        Some(mask) => (true, mask),
        None => (false, kind.strip_prefix("NUMBER")?),
    };
    let mask = if mask.is_empty() { u8::MAX } else { mask.parse().ok()? };
    let unit = unit.parse().ok()?;
    Some(What::Number { unit, mask, back })
}
