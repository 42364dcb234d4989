//! From bytes to an instance.

use std::collections::HashMap;

use wasm_dispatch::ir::ops::BinaryOp;
use wasm_dispatch::{ExternType, Module, Trap};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, MemoryType, Operator, Parser, Payload, TableInit, TableType,
    TypeRef, ValType,
};

use super::super::plan;
use super::{Body, Function, Instance, Memory, Stop, Table, slot, unknown};
use crate::random::Random;

/// Matches blocks with their ends.
fn ends(code: &[Operator<'_>]) -> HashMap<usize, (Option<usize>, usize)> {
    let mut ends = HashMap::new();
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, operator) in code.iter().enumerate() {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push((at, None)),
            Operator::Else => {
                if let Some((_, otherwise)) = open.last_mut() {
                    *otherwise = Some(at);
                }
            }
            Operator::End => {
                if let Some((start, otherwise)) = open.pop() {
                    ends.insert(start, (otherwise, at));
                }
            }
            _ => {}
        }
    }
    ends
}

/// A segment that is copied when the module is instantiated: number, target, offset.
type Active<'w> = (usize, u32, ConstExpr<'w>);

impl<'w> Instance<'w> {
    /// Reads a module, gives it the same imports as every engine does, and copies its segments.
    pub(super) fn load(&mut self, module: &Module, wasm: &'w [u8]) -> Result<(), Stop> {
        let (mut elements, mut data): (Vec<Active<'w>>, Vec<Active<'w>>) = Default::default();
        for payload in Parser::new(0).parse_all(wasm) {
            self.section(payload?, module, &mut elements, &mut data)?;
        }
        for (number, table, offset) in elements {
            let start = usize::try_from(self.constant(&offset)?).unwrap_or(usize::MAX);
            let items = std::mem::take(&mut self.elements[number]);
            let target = self.tables[table as usize]
                .elements
                .get_mut(start..start.saturating_add(items.len()));
            target.ok_or(Trap::OutOfBoundsTableAccess)?.copy_from_slice(&items);
        }
        for (number, memory, offset) in data {
            let start = usize::try_from(self.constant(&offset)?).unwrap_or(usize::MAX);
            let bytes = std::mem::take(&mut self.data[number]);
            let target = self.memories[memory as usize].get_mut(start..start.saturating_add(bytes.len()));
            target.ok_or(Trap::OutOfBoundsMemoryAccess)?.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn section(
        &mut self,
        payload: Payload<'w>,
        module: &Module,
        elements: &mut Vec<Active<'w>>,
        data: &mut Vec<Active<'w>>,
    ) -> Result<(), Stop> {
        match payload {
            Payload::TypeSection(reader) => {
                for ty in reader.into_iter_err_on_gc_types() {
                    self.types.push(ty?);
                }
            }
            Payload::ImportSection(reader) => {
                for (import, known) in reader.into_imports().zip(module.imports()) {
                    let import = import?;
                    self.import(import.ty, plan::import_key(import.module, import.name), &known.ty)?;
                }
            }
            Payload::FunctionSection(reader) => self.own = reader.into_iter().collect::<Result<_, _>>()?,
            Payload::TableSection(reader) => {
                for table in reader {
                    let table = table?;
                    let initial = match &table.init {
                        TableInit::RefNull => 0,
                        TableInit::Expr(expr) => self.constant(expr)? as u64,
                    };
                    self.table(&table.ty, initial);
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader {
                    self.memory(&memory?);
                }
            }
            Payload::GlobalSection(reader) => {
                for global in reader {
                    let global = global?;
                    let value = self.constant(&global.init_expr)?;
                    self.globals.push((global.ty.content_type, value));
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    self.exports.push((export.name.to_string(), export.kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(reader) => {
                for (number, element) in reader.into_iter().enumerate() {
                    let element = element?;
                    let mut items = Vec::new();
                    match element.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                items.push(u64::from(function?) + 1);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                items.push(self.constant(&expression?)? as u64);
                            }
                        }
                    }
                    match element.kind {
                        ElementKind::Active {
                            table_index,
                            offset_expr,
                        } => elements.push((number, table_index.unwrap_or(0), offset_expr)),
                        ElementKind::Declared => items.clear(),
                        ElementKind::Passive => {}
                    }
                    self.elements.push(items);
                }
            }
            Payload::DataSection(reader) => {
                for (number, segment) in reader.into_iter().enumerate() {
                    let segment = segment?;
                    if let DataKind::Active {
                        memory_index,
                        offset_expr,
                    } = segment.kind
                    {
                        data.push((number, memory_index, offset_expr));
                    }
                    self.data.push(segment.data);
                }
            }
            Payload::CodeSectionEntry(body) => {
                let number = self
                    .functions
                    .iter()
                    .filter(|f| matches!(f.body, Body::Wasm { .. }))
                    .count();
                let ty = self.types[self.own[number] as usize].clone();
                let mut locals = Vec::new();
                for local in body.get_locals_reader()? {
                    let (count, ty) = local?;
                    locals.extend(std::iter::repeat_n(ty, count as usize));
                }
                let code = body
                    .get_operators_reader()?
                    .into_iter()
                    .collect::<Result<Vec<_>, _>>()?;
                let ends = ends(&code);
                let body = Body::Wasm { locals, code, ends };
                self.functions.push(Function { ty, body });
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, ty: TypeRef, key: u64, known: &ExternType) -> Result<(), Stop> {
        match ty {
            TypeRef::Func(ty) => self.functions.push(Function {
                ty: self.types[ty as usize].clone(),
                body: Body::Host(key),
            }),
            TypeRef::Table(ty) => self.table(&ty, 0),
            TypeRef::Memory(ty) => self.memory(&ty),
            TypeRef::Global(ty) => {
                let ExternType::Global(known) = known else {
                    return unknown(ty);
                };
                let initial = plan::argument(&mut Random::new(key), known.value);
                self.globals.push((ty.content_type, slot(initial)));
            }
            other => return unknown(other),
        }
        Ok(())
    }

    fn table(&mut self, ty: &TableType, initial: u64) {
        self.tables.push(Table {
            ty: ValType::Ref(ty.element_type),
            elements: vec![initial; ty.initial as usize],
            max: ty.maximum.unwrap_or(u64::MAX).min(10_000_000),
            wide: ty.table64,
        });
    }

    fn memory(&mut self, ty: &MemoryType) {
        let page = 1 << ty.page_size_log2.unwrap_or(16);
        self.memories.push(vec![0; (ty.initial * page) as usize]);
        // What addresses of 32 bits reach, and what our machine's limits allow, counted in 32 bits.
        let most = ((1 << 32) / page).min(u64::from(u32::MAX));
        self.memory_types.push(Memory {
            max: ty.maximum.unwrap_or(u64::MAX).min(most),
            page,
            wide: ty.memory64,
        });
    }

    fn constant(&self, expr: &ConstExpr<'_>) -> Result<u128, Stop> {
        let mut stack: Vec<u128> = Vec::new();
        for operator in expr.get_operators_reader() {
            let operator = operator?;
            let op = match operator {
                Operator::I32Const { value } => Ok(u128::from(value as u32)),
                Operator::I64Const { value } => Ok(u128::from(value as u64)),
                Operator::F32Const { value } => Ok(u128::from(value.bits())),
                Operator::F64Const { value } => Ok(u128::from(value.bits())),
                Operator::V128Const { value } => Ok(u128::from_le_bytes(*value.bytes())),
                Operator::RefNull { .. } => Ok(0),
                Operator::RefFunc { function_index } => Ok(u128::from(function_index) + 1),
                Operator::GlobalGet { global_index } => Ok(self.globals[global_index as usize].1),
                Operator::I32Add => Err(BinaryOp::I32Add),
                Operator::I32Sub => Err(BinaryOp::I32Sub),
                Operator::I32Mul => Err(BinaryOp::I32Mul),
                Operator::I64Add => Err(BinaryOp::I64Add),
                Operator::I64Sub => Err(BinaryOp::I64Sub),
                Operator::I64Mul => Err(BinaryOp::I64Mul),
                Operator::End => break,
                other => return unknown(other),
            };
            let value = match op {
                Ok(value) => value,
                Err(op) => {
                    let (b, a) = (stack.pop().unwrap_or_default(), stack.pop().unwrap_or_default());
                    op.apply(a as u64, b as u64)?.into()
                }
            };
            stack.push(value);
        }
        Ok(stack.pop().unwrap_or_default())
    }
}
