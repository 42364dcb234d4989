//! Bytes to module, as they come: wasmparser decodes and validates.

use std::collections::HashMap;
use std::sync::Arc;

use wasmparser::{Chunk, KnownCustom, Name, Parser, Payload, ValidPayload, Validator};

use super::bodies::{BodyValidator, ModuleBodies};
use super::declarations::{Declarations, const_expr};
use super::refusal::{FEATURES, malformed, refused, unsupported};
use super::{DataSegment, Late, Module, ModuleInner, SegmentMode};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::metering::Metering;

/// A module being decoded.
pub(super) struct Decoder {
    parser: Parser,
    validator: Validator,
    limits: Limits,
    head: Head,
    functions: BodyValidator,
    /// The functions' lowered code, from the last to the first, if it comes from elsewhere: bodies are not looked at.
    #[cfg(feature = "cache")]
    pub(super) lowered: Option<Vec<Box<[u8]>>>,
    data: Vec<DataSegment>,
    has_data: bool,
    names: HashMap<u32, String>,
    /// `None`: they are not kept.
    custom: Option<Vec<(String, Arc<[u8]>)>>,
    #[cfg(feature = "dwarf")]
    code_start: u64,
    /// Bytes of the module that were used.
    position: usize,
    /// What `position` was when instantiation could begin.
    min_size_to_start: Option<usize>,
    ended: bool,
    #[cfg(feature = "snapshot")]
    digest: sha2::Sha256,
}

/// The part of a module before its code.
enum Head {
    Open(Box<Declarations>),
    Closed {
        declarations: Arc<Declarations>,
        bodies: Arc<ModuleBodies>,
    },
}

impl Decoder {
    pub(super) fn new(limits: &Limits, metering: Metering, deterministic: bool, custom: bool) -> Decoder {
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        let declarations = Declarations {
            metering,
            deterministic,
            ..Declarations::default()
        };
        Decoder {
            parser,
            validator: Validator::new_with_features(FEATURES),
            limits: *limits,
            head: Head::Open(Box::new(declarations)),
            functions: BodyValidator::default(),
            #[cfg(feature = "cache")]
            lowered: None,
            data: Vec::new(),
            has_data: false,
            names: HashMap::new(),
            custom: custom.then(Vec::new),
            #[cfg(feature = "dwarf")]
            code_start: 0,
            position: 0,
            min_size_to_start: None,
            ended: false,
            #[cfg(feature = "snapshot")]
            digest: sha2::Digest::new(),
        }
    }

    /// Takes in what it can of the bytes that follow those taken before, and returns their number. `last` says that
    /// no more will follow.
    pub(super) fn push(&mut self, bytes: &[u8], last: bool) -> Result<usize, Error> {
        let mut used = 0;
        while !self.ended {
            match self.parser.parse(&bytes[used..], last).map_err(malformed)? {
                Chunk::NeedMoreData(_) => break,
                Chunk::Parsed { consumed, payload } => {
                    used += consumed;
                    self.position += consumed;
                    self.payload(payload)?;
                }
            }
        }
        #[cfg(feature = "snapshot")]
        sha2::Digest::update(&mut self.digest, &bytes[..used]);
        Ok(used)
    }

    /// Refuses a module of at least this size if that is too large.
    pub(super) fn check_size(&self, size: usize) -> Result<(), Error> {
        if size <= self.limits.module_size {
            return Ok(());
        }
        Err(ErrorKind::Limit {
            what: "module size",
            limit: self.limits.module_size as u64,
        }
        .into())
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        let valid = self.validator.payload(&payload);
        match valid.map_err(|error| refused(&error, true))? {
            ValidPayload::Func(function, body) => {
                let (declarations, bodies) = self.close();
                #[cfg(feature = "cache")]
                if let Some(lowered) = &mut self.lowered {
                    // For a function too many, none: it is no code.
                    let index = self.functions.skip(&bodies, lowered.pop().unwrap_or_default());
                    if declarations.own_start() == Some(index) {
                        self.note_start();
                    }
                    return Ok(());
                }
                let index = self.functions.body(function, &body, &bodies, &self.limits)?;
                if declarations.own_start() == Some(index) {
                    self.note_start();
                }
                return Ok(());
            }
            ValidPayload::Parser(_) => return Err(unsupported("component model", 0)),
            ValidPayload::Ok | ValidPayload::End(_) => {}
        }
        match payload {
            #[cfg_attr(not(feature = "dwarf"), expect(unused_variables))]
            Payload::CodeSectionStart { unchecked_range, .. } => {
                #[cfg(feature = "dwarf")]
                {
                    self.code_start = unchecked_range.start;
                }
                self.close();
                self.note_start();
            }
            Payload::DataSection(reader) => {
                self.data_section(reader)?;
                self.has_data = true;
                self.note_start();
            }
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    self.name_section(names);
                }
                if let Some(sections) = &mut self.custom {
                    sections.push((custom.name().to_owned(), custom.data().into()));
                }
            }
            Payload::End(_) => {
                self.close();
                self.ended = true;
                self.has_data = true;
                self.note_start();
            }
            other => {
                if let Head::Open(declarations) = &mut self.head {
                    declarations.section(other, &self.limits)?;
                }
            }
        }
        Ok(())
    }

    /// All declarations are known: what follows is code, data, or nothing.
    fn close(&mut self) -> (Arc<Declarations>, Arc<ModuleBodies>) {
        if let Head::Open(declarations) = &mut self.head {
            declarations.close();
            let declarations = Arc::new(std::mem::take(&mut **declarations));
            let bodies = Arc::new(ModuleBodies::new(declarations.clone()));
            self.head = Head::Closed { declarations, bodies };
        }
        match &self.head {
            Head::Closed { declarations, bodies } => (declarations.clone(), bodies.clone()),
            Head::Open(_) => unreachable!("it was closed just now"),
        }
    }

    /// Notes where instantiation can begin, the first time that it can.
    fn note_start(&mut self) {
        let (declarations, bodies) = self.close();
        let starts = declarations.own_start().is_none_or(|start| bodies.has(start));
        if starts && (self.has_data || !declarations.needs_data()) {
            self.min_size_to_start.get_or_insert(self.position);
        }
    }

    /// Whether enough is known to instantiate the module and run its start function.
    pub(super) fn can_start(&self) -> bool {
        self.min_size_to_start.is_some()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The functions, to be told if no more will come.
    pub(super) fn bodies(&mut self) -> Arc<ModuleBodies> {
        self.close().1
    }

    /// The module, once it [can start](Decoder::can_start).
    pub(super) fn module(&mut self) -> Module {
        let (declarations, bodies) = self.close();
        let inner = ModuleInner::new(
            declarations,
            bodies,
            std::mem::take(&mut self.data),
            self.min_size_to_start.unwrap_or(self.position),
        );
        Module { inner: Arc::new(inner) }
    }

    /// What is known at the end only.
    pub(super) fn late(&mut self) -> Late {
        Late {
            names: std::mem::take(&mut self.names),
            custom: self.custom.take().unwrap_or_default(),
            #[cfg(feature = "dwarf")]
            lines: Default::default(),
            #[cfg(feature = "dwarf")]
            code_start: self.code_start,
            total_size: self.position,
            #[cfg(feature = "snapshot")]
            hash: sha2::Digest::finalize_reset(&mut self.digest).into(),
        }
    }

    fn data_section(&mut self, reader: wasmparser::DataSectionReader<'_>) -> Result<(), Error> {
        // Without a memory, and not announced: nothing can use them.
        if !self.close().0.needs_data() {
            return Ok(());
        }
        for data in reader {
            let data = data.map_err(malformed)?;
            let mode = match data.kind {
                wasmparser::DataKind::Passive => SegmentMode::Passive,
                wasmparser::DataKind::Active {
                    memory_index,
                    offset_expr,
                } => SegmentMode::Active {
                    index: memory_index,
                    offset: const_expr(&offset_expr)?,
                },
            };
            self.data.push(DataSegment {
                bytes: data.data.into(),
                mode,
            });
        }
        Ok(())
    }

    /// Names are for people; a broken name section is not an error (specification, appendix "custom sections").
    fn name_section(&mut self, names: wasmparser::NameSectionReader<'_>) {
        for name in names.into_iter().flatten() {
            if let Name::Function(functions) = name {
                for naming in functions.into_iter().flatten() {
                    self.names.insert(naming.index, naming.name.to_string());
                }
            }
        }
    }
}
