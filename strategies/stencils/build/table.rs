//! The table of stencils, as Rust source and a file of code.

use std::fmt::Write;
use std::path::Path;

/// What the library embeds.
#[derive(Default)]
pub struct Table {
    /// Why there are no stencils, if so.
    pub missing: Option<String>,
    /// What both builds of the handlers must agree on.
    pub layout: Vec<u32>,
    /// The code of all stencils.
    pub code: Vec<u8>,
    /// Constants of the handlers themselves.
    pub constants: Vec<[u8; 16]>,
    /// Key, and the fields of a `Stencil` as text.
    pub stencils: Vec<(u64, String)>,
    /// `Hole`s as text.
    pub holes: Vec<String>,
    /// `Access`es as text.
    pub accesses: Vec<String>,
    /// Handlers of which there is no stencil, by reason.
    pub refused: Vec<(String, u32)>,
}

impl Table {
    pub fn empty(reason: &str) -> Table {
        Table {
            missing: Some(reason.to_owned()),
            ..Table::default()
        }
    }

    pub fn write(&self, folder: &str) {
        let mut text = String::new();
        let missing = &self.missing;
        let mut line = |row: std::fmt::Arguments<'_>| text.write_fmt(row).expect("a string takes all");
        line(format_args!("pub(crate) static MISSING: Option<&str> = {missing:?};\n"));
        line(format_args!("pub(crate) static LAYOUT: &[u32] = &{:?};\n", self.layout));
        line(format_args!(
            "pub(crate) static CONSTANTS: &[[u8; 16]] = &{:?};\n",
            self.constants
        ));
        line(format_args!(
            "#[cfg(all(test, feature = \"make\"))]\npub(crate) static REFUSED: &[(&str, u32)] = &{:?};\n",
            self.refused
        ));
        line(format_args!("pub(crate) static HOLES: &[Hole] = &[\n"));
        for hole in &self.holes {
            line(format_args!("Hole {{ {hole} }},\n"));
        }
        line(format_args!("];\npub(crate) static ACCESSES: &[Access] = &[\n"));
        for access in &self.accesses {
            line(format_args!("Access {{ {access} }},\n"));
        }
        line(format_args!("];\npub(crate) static STENCILS: &[Stencil] = &[\n"));
        for (key, stencil) in &self.stencils {
            line(format_args!("Stencil {{ key: {key}, {stencil} }},\n"));
        }
        line(format_args!(
            "];\npub(crate) static CODE: &[u8] = include_bytes!(\"code.bin\");\n"
        ));
        let folder = Path::new(folder);
        std::fs::write(folder.join("table.rs"), text).expect("the build's folder is writable");
        std::fs::write(folder.join("code.bin"), &self.code).expect("the build's folder is writable");
    }
}
