//! Backtraces with files and lines, from a module's debug information.

mod common;

use common::{backtrace, error_of, for_each_strategy, offset_of, wasm};
use gimli::write::{Address, AttributeValue, Dwarf, EndianVec, LineProgram, LineString, Sections, Unit};
use gimli::{DW_AT_comp_dir, DW_AT_high_pc, DW_AT_low_pc, DW_AT_name, Encoding, Format, LineEncoding, LittleEndian};
use wasm_dispatch::{Imports, Limits, Module, SourceLocation, Vm};

const TEXT: &str = r#"(module
    (func $main (export "main") (param i32) (result i32)
        (call $half (i32.sub (local.get 0) (i32.const 1))))
    (func $half (param i32) (result i32)
        (i32.div_u (i32.const 100) (local.get 0))))"#;

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn custom_section(name: &str, contents: &[u8]) -> Vec<u8> {
    let body = [&leb(name.len())[..], name.as_bytes(), contents].concat();
    [&[0][..], &leb(body.len()), &body].concat()
}

/// Where the contents of the code section begin.
fn code_section(bytes: &[u8]) -> usize {
    let payloads = wasmparser::Parser::new(0).parse_all(bytes);
    let starts = payloads.filter_map(|payload| match payload.expect("a module") {
        wasmparser::Payload::CodeSectionStart { unchecked_range, .. } => Some(unchecked_range.start as usize),
        _ => None,
    });
    starts.last().expect("code")
}

/// The module with debug information that puts its two instructions of interest on lines of a file.
fn with_lines(version: u16) -> Vec<u8> {
    let bytes = wasm(TEXT);
    let code = code_section(&bytes);
    assert_eq!(bytes[code], 2, "the contents begin with the number of functions");
    let address = |name: &str| (offset_of(&bytes, name, 0) as usize - code) as u64;
    let encoding = Encoding {
        format: Format::Dwarf32,
        version,
        address_size: 4,
    };
    let mut dwarf = Dwarf::new();
    let text = |text: &str| LineString::String(text.into());
    let mut lines = LineProgram::new(
        encoding,
        LineEncoding::default(),
        text("/home"),
        None,
        text("main.x"),
        None,
    );
    let file = lines.add_file(text("half.x"), lines.default_directory(), None);
    lines.begin_sequence(Some(Address::Constant(0)));
    for (address, line, column) in [(0, 1, 1), (address("Call"), 17, 5), (address("I32DivU"), 42, 9)] {
        let row = lines.row();
        (row.address_offset, row.file, row.line, row.column) = (address, file, line, column);
        lines.generate_row();
    }
    let end = (bytes.len() - code) as u64;
    lines.end_sequence(end);
    let unit = dwarf.units.add(Unit::new(encoding, lines));
    let unit = dwarf.units.get_mut(unit);
    let root = unit.get_mut(unit.root());
    root.set(DW_AT_name, AttributeValue::String(b"main.x".to_vec()));
    root.set(DW_AT_comp_dir, AttributeValue::String(b"/home".to_vec()));
    root.set(DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
    root.set(DW_AT_high_pc, AttributeValue::Udata(end));
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).expect("debug information");
    let mut module = bytes;
    let added: Result<(), gimli::Error> = sections.for_each(|id, contents| {
        if !contents.slice().is_empty() {
            module.extend(custom_section(id.name(), contents.slice()));
        }
        Ok(())
    });
    added.expect("sections");
    module
}

fn location(line: u32, column: u32) -> SourceLocation {
    SourceLocation {
        file: "/home/half.x".into(),
        line: Some(line),
        column: Some(column),
    }
}

#[test]
fn a_backtrace_has_the_file_and_line_of_each_function() {
    let module = Module::new(&with_lines(4)).unwrap();
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        let main = vm.typed_func::<i32, i32>(instance, "main").unwrap();
        assert_eq!(vm.call_typed(main, 3).unwrap(), 50);
        let error = error_of(vm.call_typed(main, 1));
        let sources: Vec<_> = backtrace(&error)
            .frames
            .iter()
            .map(|frame| frame.source.clone())
            .collect();
        assert_eq!(sources, [Some(location(42, 9)), Some(location(17, 5))]);
        let text = error.to_string();
        assert!(
            text.contains("<half>, byte") && text.contains(", /home/half.x:42:9\n"),
            "{text}"
        );
    });
}

#[test]
fn an_instruction_is_found_by_its_byte() {
    let bytes = wasm(TEXT);
    let module = Module::new(&with_lines(3)).unwrap();
    assert_eq!(
        module.source_location(offset_of(&bytes, "I32DivU", 0)),
        Some(location(42, 9))
    );
    assert_eq!(module.source_location(0), None);
    assert_eq!(module.source_location(u32::MAX), None);
}

#[test]
fn without_debug_information_or_custom_sections_there_is_no_source() {
    let offset = offset_of(&wasm(TEXT), "I32DivU", 0);
    for module in [
        Module::new(&wasm(TEXT)).unwrap(),
        Module::options()
            .custom_sections(false)
            .compile(&with_lines(4))
            .unwrap(),
    ] {
        assert_eq!(module.source_location(offset), None);
    }
}

#[test]
fn damaged_debug_information_is_none_and_never_a_failure() {
    let whole = with_lines(4);
    let start = wasm(TEXT).len();
    let offset = offset_of(&wasm(TEXT), "I32DivU", 0);
    let mut differs = 0;
    for at in start..whole.len() {
        for bits in [1, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= bits;
            // Damage to a section's size or name is the decoder's to refuse.
            if let Ok(module) = Module::new(&damaged) {
                differs += usize::from(module.source_location(offset) != Some(location(42, 9)));
            }
        }
    }
    assert!(differs > 10, "{differs}: the damage was not read");
}

/// The module with so many units, all of which say that they are in the same so many ranges, and on the same line.
fn with_shared_ranges(units: u32, ranges: u32) -> Vec<u8> {
    const END: u32 = 1 << 16;
    // A unit has an offset of ranges and an offset of lines.
    let abbreviations = [1, 0x11, 0, 0x55, 0x17, 0x10, 0x17, 0, 0, 0];
    let unit = [&[16, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1][..], &[0; 8]].concat();
    let range = [0u32.to_le_bytes(), END.to_le_bytes()].concat();
    // Version 4; lengths of operands; no folders, one file.
    let head = [
        &[1, 1, 1, 251, 14, 13][..],
        &[0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1],
        b"\0a.x\0\0\0\0\0",
    ]
    .concat();
    // An address of 0, a row, the last address.
    let rows = [&[0, 5, 2, 0, 0, 0, 0, 1, 2][..], &leb(END as usize), &[0, 1, 1]].concat();
    let length = |bytes: usize| (bytes as u32).to_le_bytes();
    let lines = [&4u16.to_le_bytes()[..], &length(head.len()), &head, &rows].concat();
    let lines = [&length(lines.len())[..], &lines].concat();
    let sections = [
        (".debug_abbrev", abbreviations.to_vec()),
        (".debug_info", unit.repeat(units as usize)),
        (".debug_ranges", [range.repeat(ranges as usize), vec![0; 8]].concat()),
        (".debug_line", lines),
    ];
    let sections = sections.iter().map(|(name, contents)| custom_section(name, contents));
    [wasm(TEXT), sections.collect::<Vec<_>>().concat()].concat()
}

#[test]
fn debug_information_that_comes_to_more_than_it_has_bytes_is_none() {
    let offset = offset_of(&wasm(TEXT), "I32DivU", 0);
    let found = |units, ranges| {
        let module = Module::new(&with_shared_ranges(units, ranges)).unwrap();
        module.source_location(offset).map(|found| found.file)
    };
    assert_eq!(found(3, 3), Some("a.x".into()));
    assert_eq!(found(1, 10_000), Some("a.x".into()));
    assert_eq!(found(10_000, 1), Some("a.x".into()));
    // Four million ranges.
    assert_eq!(found(2_000, 2_000), None);
}
