//! script INPUT ROUNDS: runs a script in the scripting language Rhai.

use rhai::{Engine, Scope};
use support::{check, number, text, Checksum};

fn main() {
    let (source, rounds) = (text(1), number(2));
    let mut engine = Engine::new();
    engine.set_max_expr_depths(0, 0);
    let program = check("the script", engine.compile(&source));
    let mut checksum = Checksum::default();
    for round in 0..rounds {
        let mut scope = Scope::new();
        scope.push("seed", round as i64 + 1);
        let result = engine.eval_ast_with_scope::<String>(&mut scope, &program);
        checksum.add(check("the script", result).as_bytes());
    }
    checksum.print("script");
}
