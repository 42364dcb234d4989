//! Operators go straight from the decoder into lowering: a value of type `Operator` in memory between them took a sixth of
//! lowering's time.

use wasmparser::{VisitOperator, VisitSimdOperator};

use super::operators::Unsupported;
use super::{Lowering, ModuleTypes};

/// Lowers each operator that it visits.
pub(crate) struct Visitor<'l, 'm, T> {
    pub(crate) lowering: &'l mut Lowering<'m, T>,
    /// Byte offset of the operator in the module.
    pub(crate) offset: u32,
}

/// The decoder's method for each operator. Validation has refused those of unsupported proposals.
macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        $(wasm_dispatch_ir::if_supported! { $proposal
            { lower! { $op $visit($($($name: $ty),*)?) } }
            { fn $visit(&mut self $($(, _: $ty)*)?) -> Self::Output { Err(Unsupported(stringify!($proposal))) } }
        })*
    };
}

/// Calls lowering's method, which has the operator's name, from the decoder's.
macro_rules! lower {
    // Structure counts even where it cannot be reached, and costs nothing itself.
    (Block $($rest:tt)*) => { lower! { structure Block $($rest)* } };
    (Loop $($rest:tt)*) => { lower! { structure Loop $($rest)* } };
    (If $($rest:tt)*) => { lower! { structure If $($rest)* } };
    (Else $($rest:tt)*) => { lower! { structure Else $($rest)* } };
    (End $($rest:tt)*) => { lower! { structure End $($rest)* } };
    (Nop $visit:ident()) => {
        #[inline(always)]
        fn $visit(&mut self) -> Self::Output {
            Ok(())
        }
    };
    (structure $op:ident $visit:ident($($name:ident: $ty:ty),*)) => {
        #[inline(always)]
        fn $visit(&mut self $(, $name: $ty)*) -> Self::Output {
            self.lowering.offset = self.offset;
            self.lowering.$op($($name),*).outcome()
        }
    };
    ($op:ident $visit:ident($($name:ident: $ty:ty),*)) => {
        #[inline(always)]
        fn $visit(&mut self $(, $name: $ty)*) -> Self::Output {
            self.lowering.offset = self.offset;
            if !self.lowering.reachable {
                return Ok(());
            }
            self.lowering.count();
            self.lowering.$op($($name),*).outcome()
        }
    };
}

impl<'a, T: ModuleTypes> VisitOperator<'a> for Visitor<'_, '_, T> {
    type Output = Result<(), Unsupported>;
    wasmparser::for_each_visit_operator!(visit);

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Self::Output>> {
        Some(self)
    }
}

impl<'a, T: ModuleTypes> VisitSimdOperator<'a> for Visitor<'_, '_, T> {
    wasmparser::for_each_visit_simd_operator!(visit);
}

/// What a method of lowering returns: most cannot fail.
trait Outcome {
    fn outcome(self) -> Result<(), Unsupported>;
}

impl Outcome for () {
    #[inline(always)]
    fn outcome(self) -> Result<(), Unsupported> {
        Ok(())
    }
}

impl Outcome for Result<(), Unsupported> {
    #[inline(always)]
    fn outcome(self) -> Result<(), Unsupported> {
        self
    }
}
