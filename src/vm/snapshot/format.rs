//! How a snapshot lies in bytes: a header with version and checksum, then the data in postcard's encoding.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use wasm_dispatch_machine::state::Frame;

use crate::error::Error;
use crate::error::SnapshotError;

/// First bytes of every snapshot.
const MAGIC: [u8; 8] = *b"wdsnap\r\n";

/// Version of the format.
const VERSION: u16 = 2;

/// Magic, version, checksum.
const HEADER: usize = MAGIC.len() + 2 + 32;

/// The state of a machine, to be [restored](crate::Vm::restore) elsewhere.
///
/// As bytes it has a version and a SHA-256 checksum; through serde it is those bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(Data);

/// A frame: instance, function, block, base.
type FrameData = (u32, u32, u32, u32);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Data {
    pub structure: [u8; 32],
    /// The function whose call is paused.
    pub paused: Option<u32>,
    pub fuel: Option<u64>,
    /// Bottom first, without the one below the first.
    pub frames: Vec<FrameData>,
    pub stack: Vec<u64>,
    pub globals: Vec<u64>,
    /// The high halves of those that are vectors.
    pub globals_high: Vec<u64>,
    pub memories: Vec<MemoryData>,
    pub tables: Vec<TableData>,
    /// By instance.
    pub segments: Vec<SegmentData>,
    /// The host function, by number, that the topmost frame has called and that waits.
    pub waiting: Option<u32>,
}

/// A memory: the chunks that are not zero, by their number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MemoryData {
    pub pages: u64,
    pub chunks: Vec<(u32, ByteBuf)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableData {
    pub elements: Vec<u64>,
}

/// Which segments are empty by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentData {
    pub data: Vec<bool>,
    pub elements: Vec<bool>,
}

impl Data {
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        let frames = self.frames.iter();
        frames.map(|&(instance, function, block, base)| Frame {
            instance,
            function,
            block,
            base,
            native: 0,
        })
    }
}

impl Snapshot {
    pub(super) fn new(data: Data) -> Snapshot {
        Snapshot(data)
    }

    pub(super) fn data(&self) -> &Data {
        &self.0
    }

    /// The snapshot as bytes: the same everywhere.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing numbers and lists of them to memory does not fail.
        let payload = postcard::to_allocvec(&self.0).unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&payload));
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    ///
    /// [`Snapshot`](crate::ErrorKind::Snapshot) for truncated or changed bytes, and those of another format. Whether it
    /// fits a machine, [`Vm::restore`](crate::Vm::restore) says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, Error> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::Malformed)?;
        let (version, rest) = rest.split_first_chunk().ok_or(SnapshotError::Malformed)?;
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            let (found, reads) = (version, VERSION);
            return Err(SnapshotError::Version { found, reads }.into());
        }
        let (checksum, payload) = rest.split_first_chunk::<32>().ok_or(SnapshotError::Malformed)?;
        if *checksum != *Sha256::digest(payload) {
            return Err(SnapshotError::Checksum.into());
        }
        let (data, rest) = postcard::take_from_bytes(payload).map_err(|_| SnapshotError::Malformed)?;
        if !rest.is_empty() {
            return Err(SnapshotError::Malformed.into());
        }
        Ok(Snapshot(data))
    }
}
