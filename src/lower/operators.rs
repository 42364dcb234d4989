//! What lowering makes of each WebAssembly operator: a method for each, named like it.
//!
//! Those of the instruction table are made from its names, all others are written here. [`visit`](super::visit) calls the
//! method of every operator of the supported proposals, so a missing method does not compile, nor does a row of the table
//! without an operator. Each is inlined into the decoder's method for its operator.

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::types::ValType;
use wasmparser::{BlockType, BrTable, HeapType, Ieee32, Ieee64, MemArg, Operator, RefType};

use super::builder::{READS_GLOBAL, READS_MEMORY, TRAPS};
use super::control::Ends;
use super::{Lowering, ModuleTypes};
use crate::types::value_type;

/// An operator that validation should have refused, with the decoder's name of the proposal that brought it.
#[derive(Debug)]
pub(crate) struct Unsupported(pub &'static str);

/// The operators of the instruction table.
macro_rules! rows {
    (unary [$($u:ident)*] test [$($t:ident)*] value [$($v:ident)*] load [$($l:ident)*] store [$($s:ident)*]
     builtin [$($b:ident($($immediate:ident),*))*]) => {
        #[allow(non_snake_case)]
        #[rustfmt::skip]
        impl<T: ModuleTypes> Lowering<'_, T> {
            $(#[inline(always)] pub(super) fn $u(&mut self) { self.unary(UnaryOp::$u) })*
            $(#[inline(always)] pub(super) fn $t(&mut self) { self.binary(BinaryOp::$t) })*
            $(#[inline(always)] pub(super) fn $v(&mut self) { self.binary(BinaryOp::$v) })*
            $(#[inline(always)] pub(super) fn $l(&mut self, memarg: MemArg) { self.load(LoadOp::$l, &memarg) })*
            $(#[inline(always)] pub(super) fn $s(&mut self, memarg: MemArg) { self.store(StoreOp::$s, &memarg) })*
            $(#[inline(always)] pub(super) fn $b(&mut self, $($immediate: u32),*) {
                let [x, y] = immediates([$($immediate),*]);
                self.builtin(Builtin::$b, x, y);
            })*
        }

        // Each row's name is an operator of the decoder's, with these immediates.
        const _: fn() = || {
            $(let _ = Operator::$u;)*
            $(let _ = Operator::$t;)*
            $(let _ = Operator::$v;)*
            $(let _ = |memarg| Operator::$l { memarg };)*
            $(let _ = |memarg| Operator::$s { memarg };)*
            $(let _ = |$($immediate),*| Operator::$b { $($immediate),* };)*
        };
    };
}

wasm_dispatch_ir::for_each_name!(rows);

/// A builtin's immediates: those that it has, then zeros.
fn immediates<const COUNT: usize>(given: [u32; COUNT]) -> [u32; 2] {
    const { assert!(COUNT <= 2, "a statement has room for two immediates") };
    std::array::from_fn(|position| given.get(position).copied().unwrap_or_default())
}

/// Operators that give structure: seen even where they cannot be reached.
#[allow(non_snake_case)]
impl<T: ModuleTypes> Lowering<'_, T> {
    #[inline(always)]
    pub(super) fn Block(&mut self, blockty: BlockType) {
        if self.opens() {
            let ty = self.block_type(blockty);
            self.block(ty);
        }
    }

    #[inline(always)]
    pub(super) fn Loop(&mut self, blockty: BlockType) {
        if self.opens() {
            let ty = self.block_type(blockty);
            self.loop_(ty);
        }
    }

    #[inline(always)]
    pub(super) fn If(&mut self, blockty: BlockType) {
        if self.opens() {
            self.count();
            let ty = self.block_type(blockty);
            self.if_(ty);
        }
    }

    #[inline(always)]
    pub(super) fn Else(&mut self) {
        if self.skipped == 0 {
            self.else_();
        }
    }

    #[inline(always)]
    pub(super) fn End(&mut self) {
        match self.skipped {
            0 => self.end(),
            _ => self.skipped -= 1,
        }
    }

    /// Whether a block that begins here can be reached; else it is skipped to its end.
    fn opens(&mut self) -> bool {
        self.skipped += usize::from(!self.reachable);
        self.reachable
    }
}

/// Operators that do something, but have no row in the instruction table.
#[allow(non_snake_case)]
impl<T: ModuleTypes> Lowering<'_, T> {
    #[inline(always)]
    pub(super) fn Unreachable(&mut self) {
        self.unreachable();
    }

    #[inline(always)]
    pub(super) fn Br(&mut self, relative_depth: u32) {
        self.br(relative_depth);
    }

    #[inline(always)]
    pub(super) fn BrIf(&mut self, relative_depth: u32) {
        self.br_if(relative_depth);
    }

    #[inline(always)]
    pub(super) fn BrTable(&mut self, targets: BrTable<'_>) {
        // Validation has read the table, so no entry is malformed.
        let depths: Vec<u32> = targets.targets().flatten().chain([targets.default()]).collect();
        self.br_table(depths.into_iter());
    }

    #[inline(always)]
    pub(super) fn Return(&mut self) {
        self.return_();
    }

    #[inline(always)]
    pub(super) fn Call(&mut self, function_index: u32) {
        self.call(function_index);
    }

    #[inline(always)]
    pub(super) fn CallIndirect(&mut self, type_index: u32, table_index: u32) {
        self.call_indirect(table_index, type_index);
    }

    #[inline(always)]
    pub(super) fn ReturnCall(&mut self, function_index: u32) {
        self.return_call(function_index);
    }

    #[inline(always)]
    pub(super) fn ReturnCallIndirect(&mut self, type_index: u32, table_index: u32) {
        self.return_call_indirect(table_index, type_index);
    }

    #[inline(always)]
    pub(super) fn Drop(&mut self) {
        let value = self.pop_value();
        let effects = self.facts[value as usize].effects & TRAPS;
        if effects != 0 {
            self.materialize_effects(effects);
            self.emit(Statement::Eval(value));
        }
    }

    #[inline(always)]
    pub(super) fn Select(&mut self) {
        if self.stack[self.stack.len() - 2].ty == ValType::V128High {
            return self.select_vector();
        }
        self.keep_small(3);
        let condition = self.pop();
        let b = self.pop();
        let a = self.pop();
        let ty = self.body.node_types[a as usize];
        let node = self.node(Node::Select { condition, a, b }, ty);
        self.push(node);
    }

    #[inline(always)]
    pub(super) fn TypedSelect(&mut self, _: wasmparser::ValType) {
        self.Select();
    }

    /// A `select` with several types, which the specification does not allow yet.
    #[inline(always)]
    pub(super) fn TypedSelectMulti(&mut self, _: Vec<wasmparser::ValType>) -> Result<(), Unsupported> {
        Err(Unsupported("multi_value_select"))
    }

    #[inline(always)]
    pub(super) fn LocalGet(&mut self, local_index: u32) {
        self.get_local(local_index);
    }

    #[inline(always)]
    pub(super) fn LocalSet(&mut self, local_index: u32) {
        self.set_local(local_index);
    }

    #[inline(always)]
    pub(super) fn LocalTee(&mut self, local_index: u32) {
        self.set_local(local_index);
        self.LocalGet(local_index);
    }

    #[inline(always)]
    pub(super) fn GlobalGet(&mut self, global_index: u32) {
        let ty = self.types.global_type(global_index);
        if ty == ValType::V128 {
            let node = self.vector_node(VectorNode::GlobalGet(global_index), ty);
            return self.push_vector(node);
        }
        let node = self.node(Node::GlobalGet(global_index), ty);
        self.push(node);
    }

    #[inline(always)]
    pub(super) fn GlobalSet(&mut self, global_index: u32) {
        let global = global_index;
        let value = self.pop_value();
        self.materialize_effects(TRAPS | READS_GLOBAL);
        self.emit(match self.body.node_types[value as usize] {
            ValType::V128 => Statement::VectorGlobalSet { global, value },
            _ => Statement::GlobalSet { global, value },
        });
    }

    #[inline(always)]
    pub(super) fn I32Const(&mut self, value: i32) {
        self.push_constant(u64::from(value as u32), ValType::I32);
    }

    #[inline(always)]
    pub(super) fn I64Const(&mut self, value: i64) {
        self.push_constant(value as u64, ValType::I64);
    }

    #[inline(always)]
    pub(super) fn F32Const(&mut self, value: Ieee32) {
        self.push_constant(u64::from(value.bits()), ValType::F32);
    }

    #[inline(always)]
    pub(super) fn F64Const(&mut self, value: Ieee64) {
        self.push_constant(value.bits(), ValType::F64);
    }

    /// Types other than those of functions and of the host come with proposals that are not supported.
    #[inline(always)]
    pub(super) fn RefNull(&mut self, hty: HeapType) -> Result<(), Unsupported> {
        let ty = RefType::new(true, hty).ok_or(Unsupported("gc"))?;
        let ty = value_type(wasmparser::ValType::Ref(ty)).ok_or(Unsupported("gc"))?;
        self.push_constant(0, ty);
        Ok(())
    }
}

/// What several operators share.
impl<'m, T: ModuleTypes> Lowering<'m, T> {
    fn block_type(&self, ty: BlockType) -> Ends<'m> {
        match ty {
            BlockType::Empty => Ends::default(),
            BlockType::Type(ty) => Ends {
                params: &[],
                results: value_type(ty).map_or(&[], |ty| ty.alone()),
            },
            BlockType::FuncType(index) => {
                let ty = self.types.ty(index);
                Ends {
                    params: &ty.params,
                    results: &ty.results,
                }
            }
        }
    }

    fn push_constant(&mut self, value: u64, ty: ValType) {
        let node = self.node(Node::Const(value), ty);
        self.push(node);
    }

    fn select_vector(&mut self) {
        self.keep_values_small(3);
        let condition = self.pop();
        let b = self.pop_vector();
        let a = self.pop_vector();
        let node = self.vector_node(VectorNode::Select { condition, a, b }, ValType::V128);
        self.push_vector(node);
    }

    fn unary(&mut self, op: UnaryOp) {
        self.keep_small(1);
        let a = self.pop();
        let node = self.unary_node(op, a);
        self.push(node);
        if self.deterministic
            && let Some(ty) = op.open_nan()
        {
            self.canonicalize(ty);
        }
    }

    fn binary(&mut self, op: BinaryOp) {
        self.keep_small(2);
        let b = self.pop();
        let a = self.pop();
        let node = self.binary_node(op, a, b);
        self.push(node);
        if self.deterministic
            && let Some(ty) = op.open_nan()
        {
            self.canonicalize(ty);
        }
    }

    fn load(&mut self, op: LoadOp, memarg: &MemArg) {
        self.prepare_address(memarg, 0);
        self.keep_small(1);
        let address = self.pop();
        let (memory, address, offset) = self.place(memarg, address);
        let node = self.node(
            Node::Load {
                op,
                memory,
                address,
                offset,
            },
            op.result(),
        );
        self.push(node);
    }

    fn store(&mut self, op: StoreOp, memarg: &MemArg) {
        self.prepare_address(memarg, 1);
        let value = self.pop();
        let address = self.pop();
        self.materialize_effects(TRAPS | READS_MEMORY);
        let (memory, address, offset) = self.place(memarg, address);
        self.emit(Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Debug;

    use wasm_dispatch_ir::Proposal;
    use wasm_dispatch_ir::vector_ops::*;

    use super::*;

    macro_rules! groups {
        ($(@$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($rest:tt)*))*) => {
            HashMap::from([$((stringify!($op), stringify!($proposal))),*])
        };
    }

    #[test]
    fn a_row_names_the_proposal_that_brought_its_operator() {
        let mut groups: HashMap<&str, &str> = wasmparser::for_each_visit_operator!(groups);
        groups.extend(wasmparser::for_each_visit_simd_operator!(groups));
        let check = |op: &dyn Debug, proposal: Proposal| {
            let name = format!("{op:?}");
            assert_eq!(groups.get(&*name), Some(&proposal.group()), "{name}");
        };
        UnaryOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        BinaryOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        LoadOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        StoreOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        Builtin::ALL.iter().for_each(|op| check(op, op.proposal()));
        Vector1Op::ALL.iter().for_each(|op| check(op, op.proposal()));
        Vector2Op::ALL.iter().for_each(|op| check(op, op.proposal()));
        Vector3Op::ALL.iter().for_each(|op| check(op, op.proposal()));
        VectorTestOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        ShiftOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        SplatOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        ExtractOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        ReplaceOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        VectorLoadOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        VectorStoreOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        LoadLaneOp::ALL.iter().for_each(|op| check(op, op.proposal()));
        StoreLaneOp::ALL.iter().for_each(|op| check(op, op.proposal()));
    }
}
