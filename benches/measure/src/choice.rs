//! Workloads by name, class or pattern.

use wasm_dispatch_workloads::{Class, Workload};
use wildmatch::WildMatch;

use crate::error::Error;

/// Whether a workload is meant by `text`: its name, its class, or a pattern with `*` and `?` for its name.
pub fn fits(workload: &Workload, text: &str) -> bool {
    matches(workload.name(), text) || workload.class().name() == text
}

/// Whether `text` is this name, or a pattern with `*` and `?` for it.
pub fn matches(name: &str, text: &str) -> bool {
    name == text || (text.contains(['*', '?']) && WildMatch::new(text).matches(name))
}

/// The workloads that any of `texts` means, in their own order; all of them if there are no texts. A text that means
/// nothing otherwise is looked for within names.
///
/// # Errors
///
/// If a text means no workload.
pub fn choose(workloads: Vec<Workload>, texts: &[String]) -> Result<Vec<Workload>, Error> {
    if texts.is_empty() {
        return Ok(workloads);
    }
    let mut wanted = vec![false; workloads.len()];
    for text in texts {
        let within = |workload: &Workload| !text.is_empty() && workload.name().contains(text.as_str());
        let exactly: Vec<bool> = workloads.iter().map(|workload| fits(workload, text)).collect();
        let found = match exactly.contains(&true) {
            true => exactly,
            false => workloads.iter().map(within).collect(),
        };
        if !found.contains(&true) {
            let classes: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
            return Err(Error::Asked(format!(
                "'{text}' is neither a workload nor a class; the classes are {}",
                classes.join(", ")
            )));
        }
        for (wanted, found) in wanted.iter_mut().zip(found) {
            *wanted |= found;
        }
    }
    let chosen = workloads.into_iter().zip(wanted).filter(|(_, wanted)| *wanted);
    Ok(chosen.map(|(workload, _)| workload).collect())
}

#[cfg(test)]
#[path = "../tests/unit/choice.rs"]
mod tests;
