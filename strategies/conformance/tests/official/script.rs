//! A test file, parsed once into steps that own their data.

use wasm_dispatch::{ExternRef, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

/// A parsed test file.
#[derive(Debug)]
pub struct Script {
    pub steps: Vec<Step>,
}

/// One directive.
#[derive(Debug)]
pub struct Step {
    pub line: usize,
    pub action: Action,
}

/// What a directive asks for.
#[derive(Debug)]
pub enum Action {
    Module {
        name: Option<String>,
        wasm: Vec<u8>,
    },
    Definition {
        name: Option<String>,
        wasm: Vec<u8>,
    },
    Instance {
        name: Option<String>,
        definition: Option<String>,
    },
    Register {
        name: String,
        module: Option<String>,
    },
    Run(Execute),
    /// Must not load. `None`: the text parser has refused it already, and no bytes exist.
    Refused {
        wasm: Option<Vec<u8>>,
        message: String,
    },
    Unlinkable {
        wasm: Vec<u8>,
        message: String,
    },
    Trap {
        execute: Execute,
        message: String,
    },
    Exhaustion {
        execute: Execute,
        message: String,
    },
    Return {
        execute: Execute,
        results: Vec<Expected>,
    },
    /// Of a kind that no supported proposal uses.
    Unknown(String),
}

/// Something to run.
#[derive(Debug)]
pub enum Execute {
    Invoke {
        module: Option<String>,
        name: String,
        arguments: Vec<Value>,
    },
    Get {
        module: Option<String>,
        global: String,
    },
    Instantiate {
        wasm: Vec<u8>,
    },
}

/// A result, or a pattern for one.
#[derive(Debug)]
pub enum Expected {
    I32(i32),
    I64(i64),
    F32(Float<u32>),
    F64(Float<u64>),
    NullRef,
    ExternRef(Option<u32>),
    FuncRef,
    Either(Vec<Expected>),
}

/// A float by its bits, or a class of NaNs.
#[derive(Debug)]
pub enum Float<B> {
    Bits(B),
    CanonicalNan,
    ArithmeticNan,
}

/// Parses a file.
pub fn parse(text: &str) -> Result<Script, String> {
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = wast::parser::ParseBuffer::new_with_lexer(lexer).map_err(|error| error.to_string())?;
    let wast = wast::parser::parse::<wast::Wast<'_>>(&buffer).map_err(|error| error.to_string())?;
    let mut steps = Vec::new();
    for directive in wast.directives {
        let line = directive.span().linecol_in(text).0 + 1;
        let action = action(directive).map_err(|error| format!("line {line}: {error}"))?;
        steps.push(Step { line, action });
    }
    Ok(Script { steps })
}

fn name(id: Option<wast::token::Id<'_>>) -> Option<String> {
    id.map(|id| id.name().to_string())
}

fn action(directive: WastDirective<'_>) -> Result<Action, String> {
    Ok(match directive {
        WastDirective::Module(mut module) => Action::Module {
            name: name(module.name()),
            wasm: encode(&mut module)?,
        },
        WastDirective::ModuleDefinition(mut module) => Action::Definition {
            name: name(module.name()),
            wasm: encode(&mut module)?,
        },
        WastDirective::ModuleInstance { instance, module, .. } => Action::Instance {
            name: name(instance),
            definition: name(module),
        },
        WastDirective::Register {
            name: as_name, module, ..
        } => Action::Register {
            name: as_name.to_string(),
            module: name(module),
        },
        WastDirective::Invoke(call) => Action::Run(invoke(call)?),
        WastDirective::AssertMalformed {
            mut module, message, ..
        }
        | WastDirective::AssertInvalid {
            mut module, message, ..
        } => Action::Refused {
            wasm: module.encode().ok(),
            message: message.to_string(),
        },
        WastDirective::AssertUnlinkable {
            mut module, message, ..
        } => Action::Unlinkable {
            wasm: module.encode().map_err(|error| error.to_string())?,
            message: message.to_string(),
        },
        WastDirective::AssertTrap { exec, message, .. } => Action::Trap {
            execute: execute(exec)?,
            message: message.to_string(),
        },
        WastDirective::AssertExhaustion { call, message, .. } => Action::Exhaustion {
            execute: invoke(call)?,
            message: message.to_string(),
        },
        WastDirective::AssertReturn { exec, results, .. } => Action::Return {
            execute: execute(exec)?,
            results: results.into_iter().map(result).collect::<Result<_, _>>()?,
        },
        other => Action::Unknown(format!("{other:?}").chars().take(60).collect()),
    })
}

fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, String> {
    module.encode().map_err(|error| error.to_string())
}

fn execute(execute: WastExecute<'_>) -> Result<Execute, String> {
    Ok(match execute {
        WastExecute::Invoke(call) => invoke(call)?,
        WastExecute::Wat(mut module) => Execute::Instantiate {
            wasm: module.encode().map_err(|error| error.to_string())?,
        },
        WastExecute::Get { module, global, .. } => Execute::Get {
            module: name(module),
            global: global.to_string(),
        },
    })
}

fn invoke(call: WastInvoke<'_>) -> Result<Execute, String> {
    Ok(Execute::Invoke {
        module: name(call.module),
        name: call.name.to_string(),
        arguments: call.args.into_iter().map(argument).collect::<Result<_, _>>()?,
    })
}

fn argument(argument: WastArg<'_>) -> Result<Value, String> {
    let WastArg::Core(argument) = argument else {
        return Err("an argument of the component model".into());
    };
    Ok(match argument {
        WastArgCore::I32(value) => Value::I32(value),
        WastArgCore::I64(value) => Value::I64(value),
        WastArgCore::F32(value) => Value::F32(f32::from_bits(value.bits)),
        WastArgCore::F64(value) => Value::F64(f64::from_bits(value.bits)),
        WastArgCore::RefExtern(value) => Value::ExternRef(Some(ExternRef(value))),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Extern,
            ..
        }) => Value::ExternRef(None),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Func,
            ..
        }) => Value::FuncRef(None),
        other => return Err(format!("an argument of an unsupported type: {other:?}")),
    })
}

fn result(result: WastRet<'_>) -> Result<Expected, String> {
    match result {
        WastRet::Core(result) => core_result(result),
        _ => Err("a result of the component model".into()),
    }
}

fn core_result(result: WastRetCore<'_>) -> Result<Expected, String> {
    Ok(match result {
        WastRetCore::I32(value) => Expected::I32(value),
        WastRetCore::I64(value) => Expected::I64(value),
        WastRetCore::F32(pattern) => Expected::F32(float(pattern, |value| value.bits)),
        WastRetCore::F64(pattern) => Expected::F64(float(pattern, |value| value.bits)),
        WastRetCore::RefNull(_) => Expected::NullRef,
        WastRetCore::RefExtern(value) => Expected::ExternRef(value),
        WastRetCore::RefFunc(_) => Expected::FuncRef,
        WastRetCore::Either(choices) => {
            Expected::Either(choices.into_iter().map(core_result).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("a result of an unsupported type: {other:?}")),
    })
}

fn float<F, B>(pattern: NanPattern<F>, bits: impl Fn(F) -> B) -> Float<B> {
    match pattern {
        NanPattern::Value(value) => Float::Bits(bits(value)),
        NanPattern::CanonicalNan => Float::CanonicalNan,
        NanPattern::ArithmeticNan => Float::ArithmeticNan,
    }
}

impl Expected {
    /// Whether a value is as expected.
    pub fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Expected::I32(expected), Value::I32(found)) => expected == found,
            (Expected::I64(expected), Value::I64(found)) => expected == found,
            (Expected::F32(expected), Value::F32(found)) => {
                let bits = found.to_bits();
                match expected {
                    Float::Bits(expected) => *expected == bits,
                    Float::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
                    Float::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
                }
            }
            (Expected::F64(expected), Value::F64(found)) => {
                let bits = found.to_bits();
                match expected {
                    Float::Bits(expected) => *expected == bits,
                    Float::CanonicalNan => bits & (u64::MAX >> 1) == 0x7ff8 << 48,
                    Float::ArithmeticNan => bits & (0x7ff8 << 48) == 0x7ff8 << 48,
                }
            }
            (Expected::NullRef, Value::FuncRef(None) | Value::ExternRef(None)) => true,
            (Expected::ExternRef(None), Value::ExternRef(Some(_))) => true,
            (Expected::ExternRef(Some(expected)), Value::ExternRef(Some(found))) => *expected == found.0,
            (Expected::FuncRef, Value::FuncRef(Some(_))) => true,
            (Expected::Either(choices), value) => choices.iter().any(|choice| choice.accepts(value)),
            _ => false,
        }
    }
}
