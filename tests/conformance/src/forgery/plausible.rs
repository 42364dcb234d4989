//! Call stacks that no program has made, but that could be.

use wasm_dispatch::Module;
use wasm_dispatch::ir::code::{FunctionBody, Statement};
use wasm_dispatch::machine::eval::call_of;

use crate::random::Random;

use super::Data;

/// Own functions of all instances: instance, index, lowered form.
fn functions(modules: &[Module]) -> Vec<(u32, u32, &FunctionBody)> {
    let mut all = Vec::new();
    for (instance, module) in modules.iter().enumerate() {
        let bodies = module.functions().filter_map(|function| function.body());
        all.extend((0..).zip(bodies).map(|(index, body)| (instance as u32, index, body)));
    }
    all
}

/// A value of any type: as a reference it is null or the first function or number.
fn value(random: &mut Random) -> u64 {
    random.below(2) as u64
}

/// Puts other frames in place of those of a paused call: functions that return what is awaited, waiting at any of their
/// calls, the topmost at any block, all slots with values that every type has.
///
/// Returns whether there was a paused call whose results some function has.
pub fn invent_frames(data: &mut Data, modules: &[Module], random: &mut Random) -> bool {
    let all = functions(modules);
    let Some(&[instance, function, ..]) = data.frames.first() else {
        return false;
    };
    let found = all.iter().find(|entry| (entry.0, entry.1) == (instance, function));
    let Some(&(_, _, bottom)) = found else { return false };
    let mut results = bottom.results.clone();
    let (mut base, depth) = (0, random.below(6));
    data.frames.clear();
    for level in 0..=depth {
        let fitting: Vec<_> = all.iter().filter(|(_, _, body)| body.results == results).collect();
        let Some(&&(instance, function, body)) = (!fitting.is_empty()).then(|| random.pick(&fitting)) else {
            return false;
        };
        let blocks = body.blocks.len() as u32;
        let calls: Vec<(u32, u16, Vec<_>)> = (0..blocks)
            .filter_map(|block| {
                let (slot, results) = match call_of(body, block)?.1 {
                    Statement::Call { function, base } => {
                        let callee = modules[instance as usize].function(function)?;
                        (base, callee.ty().results.to_vec())
                    }
                    // Whatever it returns: something that one of the functions does.
                    Statement::CallIndirect { base, .. } => (base, random.pick(&all).2.results.clone()),
                    _ => return None,
                };
                Some((block, slot, results))
            })
            .collect();
        if level == depth || calls.is_empty() {
            let block = random.below(body.blocks.len()) as u32;
            data.frames.push([instance, function, block, base]);
            data.stack = (0..base + body.frame_size).map(|_| value(random)).collect();
            break;
        }
        let (block, slot, awaited) = random.pick(&calls);
        data.frames.push([instance, function, *block, base]);
        base += u32::from(*slot);
        results.clone_from(awaited);
    }
    true
}
