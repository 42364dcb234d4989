//! A file of the suite as directives, its modules encoded and loaded once for all strategies.

use wasm_dispatch::{Error, ErrorKind, Metering, Module, Value};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, Wat};

use super::files::File;
use super::values::{Expected, argument, expected};

/// What became of a module's text or bytes. Nothing of it depends on a strategy.
#[derive(Debug)]
pub enum Loaded {
    /// It can be instantiated.
    Module(Module),
    /// The text format's parser refused it.
    BadText(String),
    /// It needs a proposal that is not supported.
    Unsupported(&'static str),
    /// It is malformed or invalid.
    Refused(String),
    /// It was refused for another reason.
    Failed(Error),
}

/// Something that a directive does.
#[derive(Debug)]
pub enum Action {
    /// Calls an export of the latest or a named instance.
    Invoke {
        /// Name of the instance.
        instance: Option<String>,
        /// Name of the export.
        function: String,
        /// The arguments.
        arguments: Vec<Value>,
    },
    /// Reads an exported global.
    Get {
        /// Name of the instance.
        instance: Option<String>,
        /// Name of the export.
        global: String,
    },
    /// Instantiates a module that is not kept.
    Instantiate(Loaded),
}

/// A directive.
#[derive(Debug)]
pub enum Directive {
    /// Defines a module to be instantiated later.
    Define(Option<String>, Loaded),
    /// Instantiates a module that was defined: name of the instance, name of the module.
    Instance(Option<String>, Option<String>),
    /// Defines and instantiates a module.
    Module(Option<String>, Loaded),
    /// Makes an instance's exports importable under a name.
    Register(String, Option<String>),
    /// Does something that succeeds.
    Do(Action),
    /// Does something that succeeds with these results.
    AssertReturn(Action, Vec<Expected>),
    /// Does something that traps with this message.
    AssertTrap(Action, String),
    /// Does something that exhausts the call stack.
    AssertExhaustion(Action),
    /// A module that is malformed or invalid.
    AssertRefused(Loaded, String),
    /// A module whose imports do not fit.
    AssertUnlinkable(Loaded, String),
    /// An assertion that belongs to an unsupported proposal.
    LeftOut(&'static str),
}

/// A parsed file.
#[derive(Debug)]
pub struct Script {
    /// Folder and name.
    pub name: String,
    /// Directives and the lines they begin at.
    pub directives: Vec<(usize, Directive)>,
}

impl Script {
    /// Parses a file and loads its modules.
    ///
    /// # Errors
    ///
    /// The parser's message when the file as a whole is not understood.
    pub fn parse(file: &File, metering: Metering) -> Result<Script, String> {
        let text = |error: wast::Error| format!("{}: {error}", file.name);
        let mut lexer = Lexer::new(file.text);
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).map_err(text)?;
        let wast: Wast<'_> = parser::parse(&buffer).map_err(text)?;
        let directives = wast.directives.into_iter().map(|directive| {
            let line = directive.span().linecol_in(file.text).0 + 1;
            (line, convert(directive, metering).unwrap_or_else(Directive::LeftOut))
        });
        Ok(Script {
            name: file.name.clone(),
            directives: directives.collect(),
        })
    }
}

fn convert(directive: WastDirective<'_>, metering: Metering) -> Result<Directive, &'static str> {
    let owned = |id: Option<wast::token::Id<'_>>| id.map(|id| id.name().to_string());
    Ok(match directive {
        WastDirective::Module(mut module) => {
            let name = owned(module.name());
            Directive::Module(name, load(&mut module, metering))
        }
        WastDirective::ModuleDefinition(mut module) => {
            let name = owned(module.name());
            Directive::Define(name, load(&mut module, metering))
        }
        WastDirective::ModuleInstance { instance, module, .. } => Directive::Instance(owned(instance), owned(module)),
        WastDirective::Register { name, module, .. } => Directive::Register(name.to_string(), owned(module)),
        WastDirective::Invoke(invoke) => Directive::Do(invocation(&invoke)?),
        WastDirective::AssertReturn { exec, results, .. } => {
            let results = results.iter().map(expected).collect::<Result<_, _>>()?;
            Directive::AssertReturn(action(exec, metering)?, results)
        }
        WastDirective::AssertTrap { exec, message, .. } => {
            Directive::AssertTrap(action(exec, metering)?, message.to_string())
        }
        WastDirective::AssertExhaustion { call, .. } => Directive::AssertExhaustion(invocation(&call)?),
        WastDirective::AssertMalformed {
            mut module, message, ..
        }
        | WastDirective::AssertInvalid {
            mut module, message, ..
        } => Directive::AssertRefused(load(&mut module, metering), message.to_string()),
        WastDirective::AssertUnlinkable { module, message, .. } => {
            Directive::AssertUnlinkable(load(&mut QuoteWat::Wat(module), metering), message.to_string())
        }
        WastDirective::AssertMalformedCustom { .. } | WastDirective::AssertInvalidCustom { .. } => {
            return Err("custom annotations");
        }
        WastDirective::AssertException { .. } => return Err("exception handling"),
        WastDirective::AssertSuspension { .. } => return Err("stack switching"),
        WastDirective::Thread(_) | WastDirective::Wait { .. } => return Err("threads and atomics"),
    })
}

fn action(execute: WastExecute<'_>, metering: Metering) -> Result<Action, &'static str> {
    Ok(match execute {
        WastExecute::Invoke(invoke) => invocation(&invoke)?,
        WastExecute::Wat(module) => Action::Instantiate(load(&mut QuoteWat::Wat(module), metering)),
        WastExecute::Get { module, global, .. } => Action::Get {
            instance: module.map(|id| id.name().to_string()),
            global: global.to_string(),
        },
    })
}

fn invocation(invoke: &WastInvoke<'_>) -> Result<Action, &'static str> {
    Ok(Action::Invoke {
        instance: invoke.module.map(|id| id.name().to_string()),
        function: invoke.name.to_string(),
        arguments: invoke.args.iter().map(argument).collect::<Result<_, _>>()?,
    })
}

fn load(module: &mut QuoteWat<'_>, metering: Metering) -> Loaded {
    if matches!(module, QuoteWat::QuoteComponent(..) | QuoteWat::Wat(Wat::Component(_))) {
        return Loaded::Unsupported("component model");
    }
    let bytes = match module.encode() {
        Ok(bytes) => bytes,
        Err(error) => return Loaded::BadText(error.message()),
    };
    match Module::options().metering(metering).compile(&bytes) {
        Ok(module) => Loaded::Module(module),
        Err(error) => match error.kind() {
            ErrorKind::Unsupported { proposal, .. } => Loaded::Unsupported(proposal),
            ErrorKind::Malformed { .. } | ErrorKind::Invalid { .. } => Loaded::Refused(error.to_string()),
            _ => Loaded::Failed(error),
        },
    }
}
