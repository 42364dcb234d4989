//! Raw data of a run, as JSON lines: the rows, an append-only writer, and a reader that survives a killed run.
//!
//! A run is one folder with one file, [`FILE_NAME`]. Its first line is the [`Run`] header; every further line is another
//! [`Row`], in the order in which things happened. An interleaved run also writes its [`Plan`], and a [`BlockEnd`] after each
//! block, so that a reader knows whether it came to its end. Each line carries its kind in the field `row`, so the file
//! can be read with nothing but a JSON parser:
//!
//! ```text
//! {"row":"run","schema":3,"id":"20260102-030405-quick","started":1767323045,"kind":"quick",...}
//! {"row":"cells","phase":"execute","block":0,"process":0,"of":[{"workload":"fib","class":"calls","times":[...
//! ```
//!
//! Everything else that the lab makes (table, plots, page) is derived from that file and can be made again from it.

mod cells;
mod machines;
mod merge;
mod packed;
mod reader;
mod rows;
mod time;
mod writer;

pub use merge::merge;
pub use packed::{PACKED_NAME, contents, file_in, pack};
pub use reader::{Recording, read};
pub use rows::{
    About, BlockEnd, Cells, Control, Failure, Kind, Layout, OfWorkload, Origin, Part, Phase, Plan, Process, Program,
    Row, Run, Sample, Setup, Size, Traits,
};
pub use time::timestamp;
pub use writer::Writer;

/// Version of the file format; raised when a reader of the version before would misunderstand a file.
///
/// 1: one process. 2: one process per block, control, setup and origins. 3: samples of a block gathered in rows of cells.
pub const SCHEMA: u32 = 3;

/// The oldest version that can still be read.
pub const OLDEST_SCHEMA: u32 = 1;

/// Name of the raw data file in a run's folder.
pub const FILE_NAME: &str = "samples.jsonl";

/// Stands in the place of a strategy in a [`Phase::Load`] sample that holds for all of them.
pub const EVERY_STRATEGY: &str = "*";
