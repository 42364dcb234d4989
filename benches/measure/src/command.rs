//! WASI commands as workloads: the same surroundings for every engine, and what must come of a run.

use wasm_dispatch::wasi::{Output, Wasi};
use wasm_dispatch_workloads::{Run, WasiRun};

/// Where a command's outputs went.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    stdout: Output,
    stderr: Output,
}

/// The surroundings of a run, if it is one of a command. Clocks and randomness are the same each time.
///
/// # Errors
///
/// When a file cannot be called what the manifest calls it.
pub fn surroundings(run: &Run) -> Result<Option<(Wasi, Printed)>, String> {
    let Some(command) = &run.wasi else { return Ok(None) };
    let printed = Printed::default();
    let mut wasi = Wasi::new()
        .args(&command.args)
        .stdin(std::io::Cursor::new(command.stdin.clone()))
        .stdout(printed.stdout.clone())
        .stderr(printed.stderr.clone())
        .steady_clock(0, 1_000_000)
        .random_seed(1);
    for (name, value) in &command.env {
        wasi = wasi.env(name, value);
    }
    for file in &command.files {
        wasi = wasi
            .file(&file.guest, file.bytes.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(Some((wasi, printed)))
}

impl Printed {
    /// Compares exit code and outputs with what the manifest expects.
    ///
    /// # Errors
    ///
    /// What differs, for people.
    pub fn verify(&self, expected: &WasiRun, code: u32) -> Result<(), String> {
        let stderr = self.stderr.take();
        if !stderr.is_empty() {
            let text = String::from_utf8_lossy(&stderr);
            return Err(format!("it complains: {}", text.chars().take(500).collect::<String>()));
        }
        if code != expected.exit_code {
            return Err(format!("expected exit code {}, got {code}", expected.exit_code));
        }
        let stdout = self.stdout.take();
        if !expected.matches(&stdout) {
            let begin = String::from_utf8_lossy(&stdout[..stdout.len().min(200)]).into_owned();
            return Err(format!(
                "it prints other than expected, {} bytes that begin {begin:?}",
                stdout.len()
            ));
        }
        Ok(())
    }
}
