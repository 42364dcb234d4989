//! Modules from wasm-smith: everything the specification allows, in wild combinations.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

use crate::random::Random;

/// Loop iterations and calls after which a module traps.
const FUEL: u32 = 1_000;

/// The configuration for a seed.
fn config(random: &mut Random) -> Config {
    Config {
        max_memories: 1 + random.below(3),
        min_memories: u32::from(random.chance(80)),
        max_tables: 1 + random.below(3),
        max_funcs: 8 + random.below(12),
        min_funcs: 3,
        max_types: 1 + random.below(12),
        min_types: 1,
        max_globals: 1 + random.below(8),
        max_imports: random.below(4),
        max_instructions: *random.pick(&[30, 100, 300, 1_000]),
        max_data_segments: random.below(6),
        max_element_segments: random.below(6),
        max_elements: 20,
        max_table_elements: 100,
        max_memory32_bytes: 4 << 16,
        max_memory64_bytes: 4 << 16,
        memory_max_size_required: true,
        table_max_size_required: true,
        // Mostly accesses that can succeed.
        memory_offset_choices: wasm_smith::MemoryOffsetChoices(90, 8, 2),
        canonicalize_nans: true,
        export_everything: true,
        allow_start_export: random.chance(30),
        disallow_traps: random.chance(40),
        bulk_memory_enabled: random.chance(90),
        reference_types_enabled: random.chance(90),
        multi_value_enabled: random.chance(90),
        tail_call_enabled: random.chance(80),
        extended_const_enabled: random.chance(80),
        sign_extension_ops_enabled: true,
        saturating_float_to_int_enabled: true,
        wide_arithmetic_enabled: random.chance(50),
        memory64_enabled: random.chance(50),
        custom_page_sizes_enabled: random.chance(30),
        simd_enabled: random.chance(50),
        // Results are a choice, and wasmi's is another where multiplication and addition may be fused.
        relaxed_simd_enabled: false,
        // Not supported by this machine.
        gc_enabled: false,
        exceptions_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        custom_descriptors_enabled: false,
        compact_imports_enabled: false,
        acquire_release_atomics_enabled: false,
        multibyte_array_access_enabled: false,
        ..Config::default()
    }
}

/// The module of a seed; `None` if the bytes did not make one.
pub fn module(seed: u64) -> Option<Vec<u8>> {
    let mut random = Random::new(seed);
    let config = config(&mut random);
    let size = *random.pick(&[2 << 10, 8 << 10, 32 << 10]);
    let bytes = random.bytes(size);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}
