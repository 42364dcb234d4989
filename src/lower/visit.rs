//! Operators straight from the decoder into lowering, without a value of type `Operator` in memory between them: that took
//! a sixth of lowering's time.

use wasmparser::{Operator, VisitOperator};

use super::operators::Unsupported;
use super::{Lowering, ModuleTypes};

/// Lowers the operator that it is shown.
pub(crate) struct Visitor<'l, 'm, T> {
    pub(crate) lowering: &'l mut Lowering<'m, T>,
    /// Of the operator, in the module.
    pub(crate) offset: u32,
}

/// A method for each operator. In those of the proposals that are supported, the match over all operators is inlined and
/// only the operator's own arm is left.
macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        $(visit!(one $proposal $op $({ $($name: $ty),* })? => $visit);)*
    };
    (one mvp $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one sign_extension $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one saturating_float_to_int $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one bulk_memory $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one reference_types $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one tail_call $($rest:tt)*) => { visit!(lowered $($rest)*); };
    (one $proposal:ident $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident) => {
        fn $visit(&mut self $($(, _: $ty)*)?) -> Self::Output {
            Err(Unsupported)
        }
    };
    (lowered $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident) => {
        #[inline(always)]
        fn $visit(&mut self $($(, $name: $ty)*)?) -> Self::Output {
            self.lowering.operator(self.offset, &Operator::$op $({ $($name),* })?)
        }
    };
}

impl<'a, T: ModuleTypes> VisitOperator<'a> for Visitor<'_, '_, T> {
    type Output = Result<(), Unsupported>;
    wasmparser::for_each_visit_operator!(visit);
}
