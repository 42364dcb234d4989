//! What a run says, claim by claim: the number, its intervals, whether it holds, how well founded it is and why not better.
//!
//! Claims have names that are the same for every run, so that those of two machines can be put side by side. None is about
//! more than the run has: one of two strategies, on average or in a class, on this machine, at this revision.

use serde::{Deserialize, Serialize};

use super::Costs;
use super::decide::{self, Ranking};
use super::foundation::{Foundation, Grade, graded};
use super::heads::{self, by_size};
use crate::statistics::{Estimate, Level, Verdict};

/// Something that can be checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name: `mean threaded match_loop`, `class calls threaded match_loop`, `bytes match_loop threaded`.
    pub id: String,
    /// The claim in words.
    pub says: String,
    /// How many programs it is about; 0 if an older report does not have it.
    #[serde(default)]
    pub programs: usize,
    /// Time of the second by that of the first: mean over layouts. Or bytes: mean over programs.
    pub ratio: Estimate,
    /// The same in one binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_binary: Option<Estimate>,
    /// The same for a program like the workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_program: Option<Estimate>,
    /// Whether it holds: the whole interval lies on its side of 1, and so does the median layout, or program.
    pub holds: bool,
    /// How well founded it is.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
}

impl Claim {
    /// Whether it is made: it holds, and is founded well enough to be said.
    pub fn is_made(&self) -> bool {
        self.holds && self.grade.speaks()
    }
}

/// All claims of a run: of each two strategies, the better one on average, and in each class the best one over the second; and
/// in the order of their code's size, each one over the next.
pub(super) fn claims(ranking: &Ranking<'_>, foundation: &Foundation, costs: &[Costs]) -> Vec<Claim> {
    let mut claims = Vec::new();
    let ranked = &ranking.ranked;
    for (place, &a) in ranked.iter().enumerate() {
        for &b in &ranked[place + 1..] {
            claims.extend(claim(ranking, foundation, a, b, None));
        }
    }
    for (class, workloads) in &ranking.classes {
        let order = decide::by_mean(ranking.grid, workloads, ranked.clone());
        if let [a, b, ..] = order[..] {
            claims.extend(claim(ranking, foundation, a, b, Some((class, workloads))));
        }
    }
    let of_bytes = |pair: &[usize]| {
        let (a, b) = (pair[0], pair[1]);
        let rival = heads::by_bytes(ranking.name(b), &costs[b].code_by(&costs[a]))?;
        let programs = costs[a].code_by_program.len();
        let (grade, reasons) = graded(foundation.of_bytes(programs));
        let (first, second) = (ranking.name(a), &rival.strategy);
        Some(Claim {
            id: format!("bytes {first} {second}"),
            says: format!("code of {first} takes fewer bytes than that of {second}"),
            programs,
            ratio: rival.times_as_long,
            one_binary: None,
            new_program: rival.new_program,
            holds: rival.verdict == Verdict::Faster,
            grade,
            reasons,
        })
    };
    claims.extend(by_size(costs, ranked).windows(2).filter_map(of_bytes));
    claims
}

fn claim(
    ranking: &Ranking<'_>,
    foundation: &Foundation,
    a: usize,
    b: usize,
    class: Option<(&String, &Vec<usize>)>,
) -> Option<Claim> {
    let (first, second) = (ranking.name(a), ranking.name(b));
    let workloads = class.map_or(&ranking.counted, |(_, workloads)| workloads);
    let paired = decide::paired(ranking.grid, b, a, workloads)?;
    let marks = match class {
        None => foundation.of_pair(ranking, a, b, workloads),
        Some(_) => foundation.of_class(ranking, a, b, workloads),
    };
    let (grade, reasons) = graded(foundation.marks.iter().cloned().chain(marks));
    Some(Claim {
        id: match class {
            None => format!("mean {first} {second}"),
            Some((class, _)) => format!("class {class} {first} {second}"),
        },
        says: match class {
            None => format!("{first} takes less time than {second} on average"),
            Some((class, _)) => format!("{first} is fastest on {class}, before {second}"),
        },
        programs: workloads.len(),
        ratio: paired.estimate(),
        one_binary: paired.one_more().filter(|_| paired.level == Level::Layout),
        new_program: match class {
            None => ranking.new_program(b, a),
            Some(_) => None,
        },
        holds: paired.verdict() == Verdict::Slower && !ranking.doubtful,
        grade,
        reasons,
    })
}
