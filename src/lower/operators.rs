//! From WebAssembly operators to lowering steps: one row each.

use wasm_dispatch_ir::code::{Builtin, Node, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::types::{FuncType, ValType};
use wasmparser::{BlockType, MemArg, MemArgTarget, Operator};

use super::builder::{READS_GLOBAL, READS_MEMORY, TRAPS};
use super::{Lowering, ModuleTypes};
use crate::types::value_type;

/// An operator that validation let through and lowering does not know.
#[derive(Debug)]
pub(crate) struct Unsupported;

impl<T: ModuleTypes> Lowering<'_, T> {
    /// Lowers one validated operator at this byte offset of the module.
    #[inline(always)]
    pub(super) fn operator(&mut self, offset: u32, operator: &Operator<'_>) -> Result<(), Unsupported> {
        self.offset = offset;
        if !self.reachable {
            self.skip(operator);
            return Ok(());
        }
        // What only gives structure costs nothing.
        if !matches!(
            operator,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::Else | Operator::End | Operator::Nop
        ) {
            self.count();
        }
        self.reachable_operator(operator)
    }

    /// Unreachable code: only the structure counts.
    #[inline(never)]
    fn skip(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => self.skipped += 1,
            Operator::Else if self.skipped == 0 => self.else_(),
            Operator::End if self.skipped == 0 => self.end(),
            Operator::End => self.skipped -= 1,
            _ => {}
        }
    }

    fn block_type(&self, ty: BlockType) -> FuncType {
        match ty {
            BlockType::Empty => FuncType::default(),
            BlockType::Type(ty) => FuncType::new([], value_type(ty).into_iter().collect::<Vec<_>>()),
            BlockType::FuncType(index) => self.types.ty(index).clone(),
        }
    }

    fn push_constant(&mut self, value: u64, ty: ValType) {
        let node = self.node(Node::Const(value), ty);
        self.push(node);
    }

    fn unary(&mut self, op: UnaryOp) {
        self.keep_small(1);
        let a = self.pop();
        let node = self.unary_node(op, a);
        self.push(node);
    }

    fn binary(&mut self, op: BinaryOp) {
        self.keep_small(2);
        let b = self.pop();
        let a = self.pop();
        let node = self.binary_node(op, a, b);
        self.push(node);
    }

    fn load(&mut self, op: LoadOp, memarg: &MemArg) {
        self.keep_small(1);
        let address = self.pop();
        let (memory, offset) = place(memarg);
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
        let value = self.pop();
        let address = self.pop();
        self.materialize_effects(TRAPS | READS_MEMORY);
        let (memory, offset) = place(memarg);
        self.emit(Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        });
    }

    fn select(&mut self) {
        let slots = self.slots_of(self.stack.len() - 2);
        self.keep_small(2 * slots + 1);
        let condition = self.pop();
        let b = self.pop_value(slots);
        let a = self.pop_value(slots);
        for (&a, &b) in a.iter().zip(&b).take(slots) {
            let ty = self.body.node_types[a as usize];
            let node = self.node(Node::Select { condition, a, b }, ty);
            self.push(node);
        }
    }

    fn drop_value(&mut self) {
        let slots = self.slots_of(self.stack.len() - 1);
        for &value in &self.pop_value(slots)[..slots] {
            let effects = self.facts[value as usize].effects & TRAPS;
            if effects != 0 {
                self.materialize_effects(effects);
                self.emit(Statement::Eval(value));
            }
        }
    }

    fn global_set(&mut self, global: u32) {
        let value = self.pop();
        self.materialize_effects(TRAPS | READS_GLOBAL);
        self.emit(Statement::GlobalSet { global, value });
    }

    #[rustfmt::skip]
    #[inline(always)]
    fn reachable_operator(&mut self, operator: &Operator<'_>) -> Result<(), Unsupported> {
        use Operator as W;
        macro_rules! table {
            (unary $($u:ident)* ; binary $($b:ident)* ; load $($l:ident)* ; store $($s:ident)* ; $($rest:tt)*) => {
                match operator {
                    $(W::$u => self.unary(UnaryOp::$u),)*
                    $(W::$b => self.binary(BinaryOp::$b),)*
                    $(W::$l { memarg } => self.load(LoadOp::$l, memarg),)*
                    $(W::$s { memarg } => self.store(StoreOp::$s, memarg),)*
                    $($rest)*
                }
            };
        }
        table! {
            unary
                I32Clz I32Ctz I32Popcnt I32Eqz I32Extend8S I32Extend16S
                I64Clz I64Ctz I64Popcnt I64Eqz I64Extend8S I64Extend16S I64Extend32S
                F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest F32Sqrt
                F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest F64Sqrt
                I32WrapI64 I64ExtendI32S I64ExtendI32U
                I32TruncF32S I32TruncF32U I32TruncF64S I32TruncF64U
                I64TruncF32S I64TruncF32U I64TruncF64S I64TruncF64U
                I32TruncSatF32S I32TruncSatF32U I32TruncSatF64S I32TruncSatF64U
                I64TruncSatF32S I64TruncSatF32U I64TruncSatF64S I64TruncSatF64U
                F32ConvertI32S F32ConvertI32U F32ConvertI64S F32ConvertI64U
                F64ConvertI32S F64ConvertI32U F64ConvertI64S F64ConvertI64U
                F32DemoteF64 F64PromoteF32
                I32ReinterpretF32 F32ReinterpretI32 I64ReinterpretF64 F64ReinterpretI64
                RefIsNull;
            binary
                I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU I32And I32Or I32Xor I32Shl I32ShrS I32ShrU
                I32Rotl I32Rotr I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU
                I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU I64And I64Or I64Xor I64Shl I64ShrS I64ShrU
                I64Rotl I64Rotr I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU
                F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign F32Eq F32Ne F32Lt F32Gt F32Le F32Ge
                F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign F64Eq F64Ne F64Lt F64Gt F64Le F64Ge;
            load
                I32Load I64Load F32Load F64Load I32Load8S I32Load8U I32Load16S I32Load16U
                I64Load8S I64Load8U I64Load16S I64Load16U I64Load32S I64Load32U;
            store
                I32Store I64Store F32Store F64Store I32Store8 I32Store16 I64Store8 I64Store16 I64Store32;

            W::Nop => {}
            W::Unreachable => self.unreachable(),
            W::Block { blockty } => { let ty = self.block_type(*blockty); self.block(ty) }
            W::Loop { blockty } => { let ty = self.block_type(*blockty); self.loop_(ty) }
            W::If { blockty } => { let ty = self.block_type(*blockty); self.if_(ty) }
            W::Else => self.else_(),
            W::End => self.end(),
            W::Br { relative_depth } => self.br(*relative_depth),
            W::BrIf { relative_depth } => self.br_if(*relative_depth),
            W::BrTable { targets } => {
                // Validation has read the table, so no entry is malformed.
                let depths: Vec<u32> = targets.targets().flatten().chain([targets.default()]).collect();
                self.br_table(depths.into_iter());
            }
            W::Return => self.return_(),
            W::Call { function_index } => self.call(*function_index),
            W::CallIndirect { type_index, table_index } => self.call_indirect(*table_index, *type_index),
            W::ReturnCall { function_index } => self.return_call(*function_index),
            W::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(*table_index, *type_index);
            }
            W::Drop => self.drop_value(),
            W::Select | W::TypedSelect { .. } => self.select(),
            W::LocalGet { local_index } => self.get_local(*local_index),
            W::LocalSet { local_index } => self.set_local(*local_index),
            W::LocalTee { local_index } => {
                self.set_local(*local_index);
                self.get_local(*local_index);
            }
            W::GlobalGet { global_index } => {
                let ty = self.types.global_type(*global_index);
                let node = self.node(Node::GlobalGet(*global_index), ty);
                self.push(node);
            }
            W::GlobalSet { global_index } => self.global_set(*global_index),
            W::I32Const { value } => self.push_constant(u64::from(*value as u32), ValType::I32),
            W::I64Const { value } => self.push_constant(*value as u64, ValType::I64),
            W::F32Const { value } => self.push_constant(u64::from(value.bits()), ValType::F32),
            W::F64Const { value } => self.push_constant(value.bits(), ValType::F64),
            W::RefNull { hty } => {
                let ty = value_type(wasmparser::ValType::Ref(wasmparser::RefType::new(true, *hty).ok_or(Unsupported)?));
                self.push_constant(0, ty.ok_or(Unsupported)?);
            }
            W::RefFunc { function_index } => {
                self.builtin(Builtin::RefFunc, *function_index, 0, Some(ValType::FuncRef));
            }
            W::MemorySize { mem } => self.builtin(Builtin::MemorySize, *mem, 0, Some(ValType::I32)),
            W::MemoryGrow { mem } => self.builtin(Builtin::MemoryGrow, *mem, 0, Some(ValType::I32)),
            W::MemoryFill { mem } => self.builtin(Builtin::MemoryFill, *mem, 0, None),
            W::MemoryCopy { dst_mem, src_mem } => self.builtin(Builtin::MemoryCopy, *dst_mem, *src_mem, None),
            W::MemoryInit { data_index, mem } => self.builtin(Builtin::MemoryInit, *data_index, *mem, None),
            W::DataDrop { data_index } => self.builtin(Builtin::DataDrop, *data_index, 0, None),
            W::TableGet { table } => {
                let ty = self.types.table_type(*table);
                self.builtin(Builtin::TableGet, *table, 0, Some(ty));
            }
            W::TableSet { table } => self.builtin(Builtin::TableSet, *table, 0, None),
            W::TableSize { table } => self.builtin(Builtin::TableSize, *table, 0, Some(ValType::I32)),
            W::TableGrow { table } => self.builtin(Builtin::TableGrow, *table, 0, Some(ValType::I32)),
            W::TableFill { table } => self.builtin(Builtin::TableFill, *table, 0, None),
            W::TableCopy { dst_table, src_table } => {
                self.builtin(Builtin::TableCopy, *dst_table, *src_table, None);
            }
            W::TableInit { elem_index, table } => self.builtin(Builtin::TableInit, *elem_index, *table, None),
            W::ElemDrop { elem_index } => self.builtin(Builtin::ElemDrop, *elem_index, 0, None),
            _ => return Err(Unsupported),
        }
        Ok(())
    }
}

/// Memory index and static offset. Validation lets at most 100 memories through, and offsets below 2^32 for them.
fn place(memarg: &MemArg) -> (u16, u32) {
    let (MemArgTarget::Memory(memory) | MemArgTarget::Array(memory)) = memarg.target;
    debug_assert!(memory <= u32::from(u16::MAX) && memarg.offset <= u64::from(u32::MAX));
    (memory as u16, memarg.offset as u32)
}
