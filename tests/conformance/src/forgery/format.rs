//! How a snapshot lies in bytes, written down a second time: a forger does not ask the library.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Magic and version.
const NAME: usize = 10;

/// [`NAME`] and the checksum.
const HEADER: usize = NAME + 32;

/// A part of a memory: its number and its bytes.
pub type Chunk = (u32, Vec<u8>);

/// What is in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// Digest of modules and instances.
    pub structure: [u8; 32],
    /// The function whose call is paused.
    pub paused: Option<u32>,
    /// Fuel that is left.
    pub fuel: Option<u64>,
    /// Instance, function, block, base; bottom first.
    pub frames: Vec<[u32; 4]>,
    /// Slots.
    pub stack: Vec<u64>,
    /// Values of all globals.
    pub globals: Vec<u64>,
    /// The high halves of those that are vectors.
    pub globals_high: Vec<u64>,
    /// Memories: pages, and numbered parts of 4 KiB.
    pub memories: Vec<(u64, Vec<Chunk>)>,
    /// Elements of tables.
    pub tables: Vec<Vec<u64>>,
    /// Of each instance, which data segments and which element segments are dropped.
    pub segments: Vec<(Vec<bool>, Vec<bool>)>,
    /// The host function that the topmost frame waits for.
    pub waiting: Option<u32>,
}

impl Data {
    /// Reads a real snapshot.
    ///
    /// # Errors
    ///
    /// When the format is no longer what is written down here.
    pub fn read(bytes: &[u8]) -> Result<Data, String> {
        let payload = bytes.get(HEADER..).ok_or("shorter than a header")?;
        let (data, rest) = postcard::take_from_bytes::<Data>(payload).map_err(|error| error.to_string())?;
        if rest.is_empty() && data.write() == bytes {
            Ok(data)
        } else {
            Err("a snapshot is not what it says when read and written".into())
        }
    }

    /// Writes it with a checksum that fits.
    pub fn write(&self) -> Vec<u8> {
        // Writing numbers and lists of them to memory does not fail.
        sealed(&postcard::to_allocvec(self).unwrap_or_default())
    }

    /// Writes it, changes some bytes, and gives it a checksum that fits.
    pub fn write_changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut payload = self.write().split_off(HEADER);
        change(&mut payload);
        sealed(&payload)
    }
}

fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"wdsnap\r\n\x02\x00".to_vec();
    bytes.extend_from_slice(&Sha256::digest(payload));
    bytes.extend_from_slice(payload);
    bytes
}
