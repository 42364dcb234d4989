//! Types of slots, in little room: a function may have tens of thousands of locals in a few bytes, and a thousand operands
//! at each of thousands of blocks.

use crate::types::ValType;

/// Types of the slots of parameters and locals, from slot 0 on, as runs of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "Vec<(u32, ValType)>", try_from = "Vec<(u32, ValType)>")
)]
pub struct SlotTypes {
    /// The slot after each run, and the type of its values.
    runs: Vec<(u32, ValType)>,
}

impl SlotTypes {
    /// Adds values of one type.
    pub fn push(&mut self, ty: ValType, values: u32) {
        if values == 0 {
            return;
        }
        let end = self.len() as u32 + values * u32::from(ty.slots());
        match self.runs.last_mut() {
            Some((last, known)) if *known == ty => *last = end,
            _ => self.runs.push((end, ty)),
        }
    }

    /// Number of slots.
    #[inline]
    pub fn len(&self) -> usize {
        self.runs.last().map_or(0, |&(end, _)| end as usize)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The type of a slot.
    pub fn get(&self, slot: usize) -> Option<ValType> {
        let run = self.runs.partition_point(|&(end, _)| end as usize <= slot);
        let &(_, ty) = self.runs.get(run)?;
        let first = run.checked_sub(1).map_or(0, |before| self.runs[before].0 as usize);
        ty.slot_types().nth((slot - first) % usize::from(ty.slots()))
    }

    /// The types of all slots.
    pub fn iter(&self) -> impl Iterator<Item = ValType> + '_ {
        let mut first = 0;
        self.runs.iter().flat_map(move |&(end, ty)| {
            let values = (end - std::mem::replace(&mut first, end)) / u32::from(ty.slots());
            (0..values).flat_map(move |_| ty.slot_types())
        })
    }

    /// Removes all and keeps their room.
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&self.runs[..])
    }
}

/// Of types of slots, or of values.
impl FromIterator<ValType> for SlotTypes {
    fn from_iter<I: IntoIterator<Item = ValType>>(types: I) -> SlotTypes {
        let mut all = SlotTypes::default();
        for ty in types {
            all.push(ty, 1);
        }
        all
    }
}

#[cfg(feature = "serde")]
impl From<SlotTypes> for Vec<(u32, ValType)> {
    fn from(types: SlotTypes) -> Self {
        types.runs
    }
}

/// Of whole values, in runs that go up to a slot that has a number.
#[cfg(feature = "serde")]
impl TryFrom<Vec<(u32, ValType)>> for SlotTypes {
    type Error = &'static str;

    fn try_from(runs: Vec<(u32, ValType)>) -> Result<SlotTypes, &'static str> {
        let mut first = 0;
        for &(end, ty) in &runs {
            let whole = ty.siblings() == (0, 0);
            if !whole || end <= first || end > 1 << 16 || (end - first) % u32::from(ty.slots()) != 0 {
                return Err("types of slots that are no values");
            }
            first = end;
        }
        Ok(SlotTypes { runs })
    }
}

/// Operands that follow each other on a stack, above those of another run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Run {
    /// The run below, if there is one.
    below: RunId,
    /// Position of its first operand.
    start: u32,
    /// Where its types are.
    types: u32,
}

/// A run of operands in [`OperandTypes`], with all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "Option<u32>", from = "Option<u32>"))]
pub struct RunId(u32);

#[cfg(feature = "serde")]
impl From<RunId> for Option<u32> {
    fn from(id: RunId) -> Self {
        (id != RunId::NONE).then_some(id.0)
    }
}

#[cfg(feature = "serde")]
impl From<Option<u32>> for RunId {
    fn from(id: Option<u32>) -> RunId {
        id.map_or(RunId::NONE, RunId)
    }
}

impl RunId {
    /// Nothing.
    pub const NONE: RunId = RunId(u32::MAX);
}

/// The operands that are in their canonical slots where a block begins: see [`OperandTypes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EntryTypes {
    top: RunId,
    covered: u32,
    first: u32,
    count: u32,
}

impl EntryTypes {
    /// Number of slots that it has types for.
    pub fn len(&self) -> usize {
        (self.covered as usize).saturating_add(self.count as usize)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for EntryTypes {
    /// None.
    fn default() -> EntryTypes {
        EntryTypes {
            top: RunId::NONE,
            covered: 0,
            first: 0,
            count: 0,
        }
    }
}

/// Types of the operands at the entries of all blocks of a function. What blocks have in common, from the bottom of the
/// operand stack up, is kept once: as runs, each of which names the one below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OperandTypes {
    runs: Vec<Run>,
    types: Vec<ValType>,
    above: Vec<Option<ValType>>,
}

impl OperandTypes {
    /// Keeps a list of types for runs.
    pub fn list(&mut self, types: impl Iterator<Item = ValType>) -> u32 {
        let first = self.types.len() as u32;
        self.types.extend(types);
        first
    }

    /// A run of the types of a list, from its beginning, on top of another run as far as position `start`.
    pub fn run(&mut self, below: RunId, start: usize, list: u32) -> RunId {
        self.runs.push(Run {
            below,
            start: start as u32,
            types: list,
        });
        RunId(self.runs.len() as u32 - 1)
    }

    /// An entry: the first `covered` operands are those of a run and below it, and then come these. `None` where nothing is that the
    /// block uses.
    pub fn entry(&mut self, top: RunId, covered: usize, above: impl Iterator<Item = Option<ValType>>) -> EntryTypes {
        let first = self.above.len();
        self.above.extend(above);
        EntryTypes {
            top,
            covered: covered as u32,
            first: first as u32,
            count: (self.above.len() - first) as u32,
        }
    }

    /// Types of operands that runs cover: those from `from` on, below `covered`.
    pub fn covered(&self, top: RunId, covered: usize, from: usize) -> Vec<Option<ValType>> {
        let mut all = vec![None; covered - from];
        let (mut id, mut end) = (top, covered);
        // Each run begins below the one above it; what was made otherwise ends here, too.
        while let Some(run) = self.runs.get(id.0 as usize)
            && end > from
        {
            let start = (run.start as usize).min(end);
            for position in start.max(from)..end {
                let listed = (run.types as usize).saturating_add(position - start);
                all[position - from] = self.types.get(listed).copied();
            }
            if start == end {
                break;
            }
            (id, end) = (run.below, start);
        }
        all
    }

    /// The types at an entry, from the first canonical slot on.
    pub fn at(&self, entry: EntryTypes) -> Vec<Option<ValType>> {
        let mut all = self.covered(entry.top, entry.covered as usize, 0);
        let above = entry.first as usize..(entry.first as usize).saturating_add(entry.count as usize);
        all.extend_from_slice(self.above.get(above).unwrap_or_default());
        all
    }

    /// Number of types and runs that are kept.
    pub fn len(&self) -> usize {
        self.runs.len() + self.types.len() + self.above.len()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all and keeps their room.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.types.clear();
        self.above.clear();
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&self.runs[..]) + size_of_val(&self.types[..]) + size_of_val(&self.above[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValType::{F32, F64, I32, I64};

    #[test]
    fn runs_of_slots_are_read_like_a_list() {
        let list = [I32, I32, I64, I64, I64, I32, F64];
        let slots: SlotTypes = list.into_iter().collect();
        assert_eq!(slots.runs.len(), 4);
        assert_eq!(slots.len(), 7);
        assert!(slots.iter().eq(list));
        for (slot, ty) in list.into_iter().enumerate() {
            assert_eq!(slots.get(slot), Some(ty));
        }
        assert_eq!(slots.get(7), None);
    }

    #[test]
    fn blocks_share_the_operands_that_they_have_in_common() {
        let mut operands = OperandTypes::default();
        let list = operands.list([I32, I64, F32].into_iter());
        let low = operands.run(RunId::NONE, 0, list);
        let list = operands.list([F64, F64].into_iter());
        // On top of the first two of the run below.
        let high = operands.run(low, 2, list);
        let all = operands.entry(high, 4, [None, Some(I32)].into_iter());
        let some = operands.entry(low, 1, [].into_iter());
        assert_eq!(
            operands.at(all),
            [Some(I32), Some(I64), Some(F64), Some(F64), None, Some(I32)]
        );
        assert_eq!(operands.at(some), [Some(I32)]);
        assert_eq!(operands.covered(high, 4, 1), [Some(I64), Some(F64), Some(F64)]);
        assert_eq!(operands.at(EntryTypes::default()), []);
    }
}
