//! What a benchmark run leaves behind: rows of raw data, the fingerprint of the machine, and where both are kept.
//!
//! Whatever measures writes with this crate, and whatever decides or draws reads with it; neither needs the other.
#![forbid(unsafe_code)]

pub mod cost;
mod count;
mod error;
mod fingerprint;
pub mod growth;
pub mod json;
mod locate;
mod lock;
mod named;
pub mod progress;
pub mod record;
mod side;
pub mod visible;

pub use count::Count;
pub use error::Error;
pub use fingerprint::{Fingerprint, Hardware, Machine, commits_since, file_hash};
pub use locate::{
    EXECUTABLE, METERED, folder_of, is_main, newest_first, newest_run, newest_with, runs_folder, take_folder,
    target_folder, time_of,
};
pub use lock::Lock;
pub use progress::Progress;
pub use side::Side;
