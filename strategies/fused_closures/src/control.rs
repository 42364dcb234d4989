//! The closures of terminators: how a block ends.

use wasm_dispatch_closures::chain::{Exit, Next, link, trapped};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{BlockId, Node, NodeId, Statement};
use wasm_dispatch_ir::ops::{self, Binary, BinaryOp, BinaryVisitor};
use wasm_dispatch_machine::driver::Flow;

use crate::operand::Operand;
use crate::statement::evaluate;
use crate::tree::{Compared32, Compared64, Compiler, Sink};

/// Makes the closure that ends a block: of its own terminator, or of the one of a block that it ends with a copy of.
pub fn terminator(compiler: &mut Compiler<'_>, statement: Statement, number: u32, block: BlockId) -> Next {
    match statement {
        Statement::Jump(target) => compiler.chains.exit(block, target).link(),
        Statement::Branch {
            condition,
            when,
            target,
        } => {
            let next = compiler.body.block_of(number) + 1;
            let ways = Ways {
                statement: number,
                taken: compiler.chains.exit(block, target),
                otherwise: compiler.chains.exit(block, next),
            };
            if when {
                branch(compiler, condition, ToBranch::<true>(ways))
            } else {
                branch(compiler, condition, ToBranch::<false>(ways))
            }
        }
        Statement::Switch { index, first, count } => {
            let targets = &compiler.body.targets[first as usize..(first + count) as usize];
            let exits = targets.iter().map(|&target| compiler.chains.exit(block, target));
            let exits: Box<[Exit]> = exits.collect();
            compiler.chains.count(size_of_val(&*exits));
            compiler.variable(index, ToSwitch(exits, number))
        }
        Statement::Call { .. } | Statement::TailCall { .. } => {
            let flow = Flow::leave(compiler.body.block_of(number));
            link(move |_chains, _state, _window| flow)
        }
        Statement::CallIndirect { index, .. } | Statement::TailCallIndirect { index, .. } => {
            let block = compiler.body.block_of(number);
            compiler.leaf(
                index,
                ToOperand {
                    block,
                    statement: number,
                },
            )
        }
        Statement::Return => link(|_chains, _state, _window| Flow::RETURN),
        Statement::Trap(trap) => link(move |_chains, state, _window| trapped(state, trap, number)),
        _ => unreachable!("a block ends with a terminator"),
    }
}

/// Where a branch leads.
struct Ways {
    statement: u32,
    taken: Exit,
    otherwise: Exit,
}

/// `if condition goto target`
struct ToBranch<const WHEN: bool>(Ways);

impl<const WHEN: bool> Sink for ToBranch<WHEN> {
    type Out = Next;
    fn take<A: Operand>(self, condition: A) -> Next {
        let Ways {
            statement,
            taken,
            otherwise,
        } = self.0;
        link(move |chains, state, window| {
            let value = evaluate!(condition: A, state, window, statement);
            if (value as u32 != 0) == WHEN {
                taken.take(chains, state, window)
            } else {
                otherwise.take_otherwise(chains, state, window)
            }
        })
    }
}

/// Merges a comparison with its branch, and an inner node of the comparison where that is frequent.
fn branch<S: Sink>(compiler: &mut Compiler<'_>, condition: NodeId, sink: S) -> S::Out {
    match compiler.body.node(condition) {
        Node::Binary { op, a, b } if op.is_test() => match pair(compiler, op, a, b, sink) {
            Ok(done) => done,
            Err(sink) => op.visit(TestRoot { compiler, a, b, sink }),
        },
        _ => compiler.variable(condition, sink),
    }
}

fn pair<S: Sink>(compiler: &mut Compiler<'_>, op: BinaryOp, a: NodeId, b: NodeId, sink: S) -> Result<S::Out, S> {
    macro_rules! tests {
        ($inner:ident: $($o:ident)*) => {
            match op {
                $(BinaryOp::$o => return compiler.pair_of::<ops::$o, $inner, S>(a, b, sink),)*
                _ => {}
            }
        };
    }
    tests! { Compared32: I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU }
    tests! { Compared64: I64Eq I64Ne }
    Err(sink)
}

struct TestRoot<'c, 'a, S> {
    compiler: &'c mut Compiler<'a>,
    a: NodeId,
    b: NodeId,
    sink: S,
}

impl<S: Sink> BinaryVisitor for TestRoot<'_, '_, S> {
    type Output = S::Out;
    fn visit<O: Binary>(self) -> S::Out {
        if !O::TEST {
            unreachable!("only rows of the test part are merged with a branch");
        }
        self.compiler.binary::<O, S>(self.a, self.b, self.sink)
    }
}

/// `goto exits[min(index, last)]`
struct ToSwitch(Box<[Exit]>, u32);

impl Sink for ToSwitch {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let ToSwitch(exits, statement) = self;
        link(move |chains, state, window| {
            let index = evaluate!(index: A, state, window, statement) as u32 as usize;
            exits[index.min(exits.len() - 1)].take(chains, state, window)
        })
    }
}

/// Hands the element index of an indirect call to the driver.
struct ToOperand {
    block: BlockId,
    statement: u32,
}

impl Sink for ToOperand {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let ToOperand { block, statement } = self;
        link(move |_chains, state, window| {
            state.operand = evaluate!(index: A, state, window, statement) as u32;
            Flow::leave(block)
        })
    }
}
