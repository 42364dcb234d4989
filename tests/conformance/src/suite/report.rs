//! The table at the end of the run.

use std::collections::BTreeSet;

use wasm_dispatch::Strategy;

use super::files::LEFT_OUT;
use super::run::Outcome;

/// Assertions per strategy, and what was left out for which reason.
pub fn table(outcomes: &[(Strategy, Outcome)]) -> String {
    let mut lines = vec![
        "official test suite, assertions:".to_string(),
        format!(
            "  {:<16} {:>8} {:>8} {:>9} {:>10}",
            "strategy", "passed", "failed", "left out", "text only"
        ),
    ];
    for (strategy, outcome) in outcomes {
        let left_out: usize = outcome.left_out.values().sum();
        let (passed, failed, text_only) = (outcome.passed, outcome.failed.len(), outcome.text_only);
        let name = strategy.name();
        lines.push(format!(
            "  {name:<16} {passed:>8} {failed:>8} {left_out:>9} {text_only:>10}"
        ));
    }
    lines.push("left out within these files, because:".into());
    let reasons: BTreeSet<&str> = outcomes.iter().flat_map(|(_, o)| o.left_out.keys().copied()).collect();
    for reason in reasons {
        let counts = outcomes
            .iter()
            .map(|(_, o)| o.left_out.get(reason).copied().unwrap_or(0));
        let most = counts.max().unwrap_or(0);
        lines.push(format!("  {most:>6} {reason}"));
    }
    lines.push("left out as whole folders, because:".into());
    for (proposal, reason) in LEFT_OUT {
        lines.push(format!("  {:<20} {reason}", proposal.to_string()));
    }
    lines.push(String::new());
    lines.join("\n")
}
