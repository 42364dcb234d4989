//! What the records carry, claim by claim: what the README's generated parts and the page may say.

use std::path::Path;

use itertools::Itertools;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_report::cost::{self, CostModel, StrategyCost};
use wasm_dispatch_report::decision::{Decision, EXECUTABLE, rounded};
use wasm_dispatch_report::statistics::Estimate;
use wasm_dispatch_report::summary::heads::Place;
use wasm_dispatch_report::summary::machines::{Holds, OfMachine, Shared, on_another};
use wasm_dispatch_report::summary::run_length::From;
use wasm_dispatch_report::summary::words::{either, graded, intervals, none_faster, range, time_with_range, times};
use wasm_dispatch_report::summary::{Rival, Summary};
use wasm_dispatch_report::units::three_digits;
use wasm_dispatch_report::{growth, json, ladder};

use super::super::Failed;
use super::super::readme::{bias, starting};
use super::Listed;

/// What to use by what is asked for, and the claims of the first machine.
pub(super) fn of_decision(decision: &Decision) -> Vec<Listed> {
    let mut listed = Vec::new();
    for head in &decision.heads {
        listed.push(Listed {
            says: match head.grade.speaks() {
                true => format!("for {}, use {}", head.head, either(head.choices())),
                false => format!("for {}, nothing is decided", head.head),
            },
            record: head.run.clone(),
            number: head.runner_up.as_ref().map_or(String::new(), of_rival),
            holds: format!("grade {}", head.grade.letter()),
            check: format!("wasm-dispatch-lab report reports/recorded/{}", head.run),
        });
    }
    if let Some((head, place)) = decision.given_up() {
        listed.push(Listed {
            says: format!("{} by {}", place.strategy, head.strategy),
            record: head.run.clone(),
            number: with_intervals(place.times_as_long, place.one_binary, place.new_program),
            holds: format!("grade {}", head.grade.letter()),
            check: format!("wasm-dispatch-lab report reports/recorded/{}", head.run),
        });
    }
    for claim in decision.machines.first().map_or(&[][..], |machine| &machine.claims) {
        let holds = Holds::of(&decision.machines, &claim.id).text();
        listed.push(Listed {
            says: claim.says.clone(),
            record: decision.run.clone(),
            number: with_intervals(claim.ratio, claim.one_binary, claim.new_program),
            holds: format!("{holds}, grade {}", claim.grade.letter()),
            check: "wasm-dispatch-lab bench --full".to_owned(),
        });
    }
    listed
}

/// A factor with all intervals that there are.
fn with_intervals(ratio: Estimate, one_binary: Option<Estimate>, new_program: Option<Estimate>) -> String {
    format!("{} ({})", times(ratio.value), intervals(ratio, one_binary, new_program))
}

fn of_rival(rival: &Rival) -> String {
    let number = with_intervals(rival.times_as_long, rival.one_binary, rival.new_program);
    format!("{} {number}", rival.strategy)
}

/// What else the records say: of the recorded run, of growth, and of other engines.
pub(super) fn of_records(decision: &Decision, recorded: &Path) -> Result<Vec<Listed>, Failed> {
    let mut listed = of_machines(&decision.machines, &decision.run);
    let run = recorded.join(&decision.run);
    let summary: Option<Summary> = json::load_if_there(&run.join("summary.json"))?;
    if let Some(summary) = summary {
        // The page has its numbers as they are, the README as the decision rounds them: the last digit shown may differ.
        for summary in [rounded(&summary)?, summary] {
            let machines = of_machines(&summary.machines, &summary.run.id);
            let more = of_summary(&summary).into_iter().chain(machines);
            for claim in more {
                let is_it = |known: &Listed| (&known.says, &known.number) == (&claim.says, &claim.number);
                if !listed.iter().any(is_it) {
                    listed.push(claim);
                }
            }
        }
    }
    let model: Option<CostModel> = json::load_if_there(&run.join(cost::FILE_NAME))?;
    listed.extend(model.iter().flat_map(of_model));
    if let Some(folder) = growth::newest(recorded) {
        listed.extend(of_growth(&growth::read(&folder)?));
    }
    if let Some((ladder, _)) = ladder::all(recorded).next() {
        listed.extend(of_ladder(&ladder, decision));
    }
    Ok(listed)
}

/// The order on each machine, and what that says of another one.
fn of_machines(machines: &[OfMachine], run: &str) -> Vec<Listed> {
    let of_place = |place: &Place| {
        let number = with_intervals(place.times_as_long, place.one_binary, place.new_program);
        format!("{} {number}", place.strategy)
    };
    let of = |machine: &OfMachine| Listed {
        says: format!(
            "on {} {} comes first",
            machine.machine(),
            machine.first().unwrap_or("no strategy")
        ),
        record: machine.run.clone(),
        number: (machine.ranking().iter())
            .chain(machine.shared.iter().flat_map(Shared::ranking))
            .map(of_place)
            .join("; "),
        holds: format!("grade {}", graded(machine.grade, &machine.reasons)),
        check: "scripts/record".to_owned(),
    };
    let mut listed: Vec<Listed> = machines.iter().map(of).collect();
    let second = machines.first().and_then(|first| first.ranking().get(1));
    if let Some(estimate) = second.and_then(|second| on_another(machines, &second.strategy)) {
        listed.push(Listed {
            says: "on a machine of another kind the second takes that of the time of the first".to_owned(),
            record: run.to_owned(),
            number: range(estimate),
            holds: "as machines differ".to_owned(),
            check: "scripts/record".to_owned(),
        });
    }
    listed
}

/// A claim of a run, that the same run checks again.
fn said(record: &str, says: String, number: String, check: &str) -> Listed {
    Listed {
        says,
        record: record.to_owned(),
        number,
        holds: String::new(),
        check: check.to_owned(),
    }
}

const BETTER: &str = "is better than";

fn of_summary(summary: &Summary) -> Vec<Listed> {
    let check = format!("wasm-dispatch-lab report reports/recorded/{}", summary.run.id);
    let said = |says: String, number: String| said(&summary.run.id, says, number, &check);
    let mut listed = Vec::new();
    if let Some(advice) = &summary.recommendation {
        let best = &advice.best;
        for (what, found, verb) in [
            ("class", &advice.classes, BETTER),
            ("workload", &advice.workloads, BETTER),
            ("class", &advice.ties, "is not clearly worse than"),
        ] {
            if found.is_empty() && verb == BETTER {
                listed.push(said(none_faster(what), String::new()));
            }
            listed.extend(found.iter().map(|found| {
                let (on, strategy, factor) = (&found.on, &found.strategy, found.times_as_fast);
                let number = format!("{} ({})", times(factor.value), range(factor));
                said(format!("on the {what} {on} {strategy} {verb} {best}"), number)
            }));
        }
        for rival in advice.runner_up.iter().chain(&advice.best_safe) {
            listed.push(said(format!("{best} before {}", rival.strategy), of_rival(rival)));
        }
    }
    if let (Some(length), Some(advice)) = (&summary.run_length, &summary.recommendation) {
        for (share, name) in [(0.5, "half"), (0.9, "nine of ten")] {
            let from = match length.from(&advice.best, share) {
                From::Time(time) => time_with_range(time),
                From::Never | From::Unknown => String::new(),
            };
            let best = &advice.best;
            let says = format!("from when on {best} is fastest on {name} of the programs, loading included");
            listed.push(said(says, from));
        }
    }
    for control in &summary.foundation.controls {
        let ratio = control.ratio;
        let number = format!(
            "{:.3}x ({:.3} to {:.3}), {:.1} %, {:.1} %",
            ratio.value,
            ratio.low,
            ratio.high,
            (control.floor - 1.0) * 100.0,
            control.shows.unwrap_or(f64::INFINITY) * 100.0
        );
        listed.push(said(format!("{} measured against itself", control.of), number));
    }
    let grade = format!("the run has grade {}", summary.foundation.grade.letter());
    listed.push(said(grade, summary.foundation.reasons.join("; ")));
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    if let Some(mix) = &summary.mix {
        let axes = mix.axes.iter().copied().map(percent).join(", ");
        listed.push(said("workloads differ along axes".to_owned(), axes));
        let says = "the same strategy is first under random weightings";
        listed.push(said(says.to_owned(), mix.random_share()));
    }
    for of in &summary.explained {
        let states = of.states.iter().map(|(_, _, time)| format!(", {time:.2}x"));
        let number = percent(of.r_squared.max(0.0)) + &states.collect::<String>();
        let says = format!("what a layout does to {} is an address", of.strategy);
        listed.push(said(says, number));
    }
    // Sentences that others write from the same summary, with all their numbers.
    let written = bias::sentences(summary).into_iter().chain(starting(summary));
    listed.extend(written.map(|sentence| said("what it runs, and what loading takes".to_owned(), sentence)));
    listed
}

fn of_model(model: &CostModel) -> Vec<Listed> {
    let of = |cost: &StrategyCost| {
        let share = cost.dispatching();
        let share = share.map_or(String::new(), |share| format!(", {:.0} %", 100.0 * share));
        let number = format!("{} times{share}", three_digits(cost.dispatches_of_a_node()));
        said(
            &model.run,
            format!("dispatches of {} for each operation", cost.strategy),
            number,
            "wasm-dispatch-lab cost",
        )
    };
    model.strategies.iter().map(of).collect()
}

fn of_growth(growth: &growth::Growth) -> Vec<Listed> {
    let mut listed = Vec::new();
    for axis in &growth.axes {
        let check = format!("wasm-dispatch-lab growth {} --full", axis.axis.name());
        let of = |says: String, number: String| Listed {
            holds: format!("grade {}", axis.grade.letter()),
            ..said(&growth.run.id, says, number, &check)
        };
        listed.extend(axis.grown().into_iter().map(|(curve, factor)| {
            let number = format!("{} ({})", times(factor.value), range(factor));
            of(format!("{} with more {}", curve.strategy, axis.title), number)
        }));
        let says = format!("the control with more {}", axis.title);
        listed.push(of(says, axis.control_sentence()));
    }
    listed
}

fn of_ladder(ladder: &ladder::Ladder, decision: &Decision) -> Vec<Listed> {
    let check = "cargo run --release -p wasm-dispatch-peers --features all,stencils -- --layouts 8 --seconds 1200";
    let of = |says: String, number: String| said(&ladder.run.id, says, number, check);
    let ranked = ladder.engines.iter().filter_map(|rung| {
        let mean = rung.mean?;
        let number = format!("{} ({})", times(mean.value), range(mean));
        Some(of(format!("{} by {}", rung.engine, ladder.reference), number))
    });
    // The best that makes machine code beside compilers, over what both ran: the means above are over what all ran.
    let compiled = decision.head(EXECUTABLE).map(|head| head.strategy.as_str());
    let pairs = ladder.pairs.iter().filter(|pair| {
        let is_ours = |engine: &str| Entrant::named(engine).is_some() || engine == ladder.reference;
        let of_compiled = |name: &str| Some(name) == compiled;
        (of_compiled(&pair.engine) && !is_ours(&pair.other)) || (of_compiled(&pair.other) && !is_ours(&pair.engine))
    });
    let pairs = pairs.map(|pair| {
        let says = format!(
            "{} by {}, over the {} workloads that both ran",
            pair.engine, pair.other, pair.workloads
        );
        of(
            says,
            format!("{}x ({})", ladder::digits(pair.time.value), range(pair.time)),
        )
    });
    let loading = ladder.engines.iter().filter(|rung| rung.engine != ladder.reference);
    let loading = loading.filter_map(|rung| {
        let of_all = ladder.loading(&rung.engine)?;
        let (mean, total) = (ladder::digits(of_all.mean), ladder::digits(of_all.total));
        let says = format!(
            "loading {} modules under {} by {}",
            of_all.modules, rung.engine, ladder.reference
        );
        Some(of(says, format!("{mean}x on the mean, {total}x in total")))
    });
    ranked.chain(pairs).chain(loading).collect()
}
