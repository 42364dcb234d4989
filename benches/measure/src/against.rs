//! Two builds of the same strategies, measured next to each other: what a change did to speed.
//!
//! The *base* is the lab at a git revision, the *new* side is the lab as its sources are now, both linked with the same
//! seeds. The same seed makes the same binary of the same code, so that two runs of it show the noise between processes
//! and nothing else; but after any change, however small, "the same seed" is another draw of where functions lie. So the
//! *control* is the base linked with other seeds: what it comes to is what no change at all may come to.
//!
//! In each block all three measure one layout: for each workload a fresh process of each side, next to each other in random
//! order. In the record, sides are told by the names of strategies (see [`Side`]), and samples of one block are pairs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_dispatch_engines::control;
use wasm_dispatch_record::record::{About, Control, Kind, Recording, Row, Run, Setup};
use wasm_dispatch_record::{Side, target_folder};

use crate::bench::Request;
use crate::error::Error;
use crate::layouts::{LAB, Sources, said};
use crate::run::{Measured, fresh_folder, layouts_of, measure, seed_of_now, shown};
use crate::supervisor::{Launcher, Supervisor};

/// In how many layouts, if nothing else is asked for.
const LAYOUTS: u32 = 8;

/// How many blocks of each layout, if nothing else is asked for.
const ROUNDS: u32 = 3;

/// What a change is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Base {
    /// A commit, by its full hash.
    Revision(String),
    /// A lab that has been built already.
    Binary(PathBuf),
}

impl Base {
    /// A file of this name, or else the revision that git knows by it.
    fn find(text: &str) -> Result<Base, Error> {
        let file = Path::new(text);
        if file.is_file() {
            let file = std::path::absolute(file).map_err(Error::io(file))?;
            return Ok(Base::Binary(file));
        }
        let root = Sources::own().map_err(Error::Worker)?.root;
        let commit = format!("{text}^{{commit}}");
        let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
        git(&root, &verify).map(Base::Revision).map_err(|_| {
            let root = root.display();
            let why = format!("'{text}' is neither a revision that git knows in {root} nor a built lab");
            Error::Asked(why)
        })
    }
}

/// The binaries of a run, and what they are.
struct Sides {
    launchers: Vec<Launcher>,
    abouts: Vec<About>,
}

impl Sides {
    /// Builds what is not built yet.
    fn build(base: &Base, layouts: u32, quiet: bool) -> Result<Sides, Error> {
        let say = |what: &str| {
            if !quiet {
                eprintln!("{what} ...");
            }
        };
        let mut sides = Sides {
            launchers: Vec::new(),
            abouts: Vec::new(),
        };
        let seeds = layouts_of(layouts);
        let own = Sources::own().map_err(Error::Worker)?;
        let others = (1..).skip(seeds.iter().flatten().count()).take(seeds.len());
        let others: Vec<Option<u64>> = others.map(Some).collect();
        match base {
            Base::Revision(hash) => {
                let (short, count) = (hash.get(..12).unwrap_or(hash), 2 * seeds.len());
                say(&format!(
                    "Building the base, {short}, in {count} layouts (compiles it first, if need be)"
                ));
                let folder = target_folder().join("against").join(short);
                let folder = std::path::absolute(&folder).map_err(Error::io(&folder))?;
                let base = checkout(&own.root, hash, &folder)?;
                let binaries = link(&base, &[&seeds[..], &others].concat())?;
                let (of_base, of_control) = binaries.split_at(seeds.len());
                sides.add(Side::Base, &seeds, of_base, hash, &in_layouts(&seeds))?;
                let how = format!("the base again, {}", in_layouts(&others));
                sides.add(Side::Control, &seeds, of_control, hash, &how)?;
            }
            Base::Binary(file) => {
                let same = vec![file.clone(); seeds.len()];
                let version = file.display().to_string();
                let how = "one binary as it was given: where its code lies is not varied";
                sides.add(Side::Base, &seeds, &same, &version, how)?;
                let how = "the same binary again: noise between processes and nothing else";
                sides.add(Side::Control, &seeds, &same, &version, how)?;
            }
        }
        let version = head(&own.root);
        match (base, layouts) {
            (Base::Binary(_), 1) => {
                let running = Launcher::this()?.program;
                let how = "the running binary, which may be older than the sources";
                sides.add(Side::New, &seeds, &[running], &version, how)?;
            }
            _ => {
                let count = seeds.len();
                say(&format!(
                    "Building the sources as they are, {version}, in {count} layouts"
                ));
                sides.add(Side::New, &seeds, &link(&own, &seeds)?, &version, &in_layouts(&seeds))?;
            }
        }
        Ok(sides)
    }

    /// Adds a binary for each layout of a side.
    fn add(
        &mut self,
        side: Side,
        layouts: &[Option<u64>],
        binaries: &[PathBuf],
        version: &str,
        how: &str,
    ) -> Result<(), Error> {
        for (&layout, binary) in layouts.iter().zip(binaries) {
            self.launchers.push(Launcher {
                side: Some(side),
                ..Launcher::of(layout, binary.clone())?
            });
        }
        self.abouts.push(About {
            name: side.name().to_owned(),
            version: version.to_owned(),
            configuration: how.to_owned(),
        });
        Ok(())
    }
}

/// A binary for each seed, and the one as it was compiled for none.
fn link(sources: &Sources, seeds: &[Option<u64>]) -> Result<Vec<PathBuf>, Error> {
    let shuffled: Vec<u64> = seeds.iter().flatten().copied().collect();
    let linked = sources.link_all(&shuffled);
    let mut linked = linked.map_err(|why| Error::Worker(format!("{}: {why}", sources.root.display())))?;
    if seeds.len() > shuffled.len() {
        linked.insert(0, sources.as_compiled());
    }
    Ok(linked)
}

fn in_layouts(seeds: &[Option<u64>]) -> String {
    match (seeds.first().copied().flatten(), seeds.last().copied().flatten()) {
        (Some(first), Some(last)) if first < last => format!("linked with seeds {first} to {last}"),
        (Some(seed), _) => format!("linked with seed {seed}"),
        _ => "as it was compiled".to_owned(),
    }
}

/// The sources of a commit in a folder of their own. A copy without history: when the folder is deleted, nothing is left.
fn checkout(repository: &Path, hash: &str, folder: &Path) -> Result<Sources, Error> {
    let root = folder.join("tree");
    if !root.is_dir() {
        // Under another name until it is whole.
        let fresh = folder.join(format!("tree-{}", std::process::id()));
        fs::create_dir_all(&fresh).map_err(Error::io(&fresh))?;
        let packed = fresh.with_extension("tar");
        let output = format!("--output={}", packed.display());
        let unpacked = git(repository, &["archive", "--format=tar", &output, hash])
            .and_then(|_| said(Command::new("tar").arg("-xf").arg(&packed).current_dir(&fresh)));
        let _ = fs::remove_file(&packed);
        unpacked.map_err(|why| Error::Worker(format!("the sources of {hash}: {why}")))?;
        fs::rename(&fresh, &root).map_err(Error::io(&root))?;
    }
    Ok(Sources {
        root,
        target: folder.join("target"),
        binary: LAB,
        features: control::FEATURE.to_owned(),
    })
}

/// The commit that is checked out, and whether there are changes to it.
fn head(root: &Path) -> String {
    let Ok(head) = git(root, &["rev-parse", "HEAD"]) else {
        return "an unknown revision".to_owned();
    };
    match git(root, &["status", "--porcelain", "--untracked-files=no"]) {
        Ok(changes) if changes.is_empty() => head,
        _ => format!("{head}+changes"),
    }
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, String> {
    said(Command::new("git").arg("-C").arg(root).args(arguments))
}

/// Measures what is asked for on all sides. Without numbers, 3 blocks in each of 8 layouts.
///
/// # Errors
///
/// When the base is not known or does not build, or as for any other measurement.
pub fn run(request: &Request, base: &str) -> Result<Measured, Error> {
    if request.own.is_some() || request.shard.is_some() {
        let why = "neither --module nor --shard goes with --against";
        return Err(Error::Asked(why.to_owned()));
    }
    let base = Base::find(base)?;
    let workloads = request.chosen_workloads()?;
    let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
    let layouts = request.layouts.unwrap_or(LAYOUTS);
    let mut setup = Setup {
        control: None,
        controls: Vec::new(),
        cold: false,
        ..request.setup(&names, &layouts_of(layouts))?
    };
    setup.min_blocks = request.blocks.unwrap_or(layouts);
    if request.seconds.is_none() {
        setup.seconds = None;
        setup.max_blocks = request.blocks.unwrap_or(ROUNDS * layouts);
    }
    let mut run = Run::start(if request.full { Kind::Full } else { Kind::Quick });
    // Not among the runs of which the newest is drawn.
    run.id.insert_str(0, "against-");
    let (folder, _lock) = fresh_folder(request.folder.as_ref(), &mut run)?;
    let sides = Sides::build(&base, layouts, request.quiet)?;
    let controls = setup.strategies.iter().map(|strategy| {
        Row::Control(Control {
            name: Side::Control.of(strategy),
            of: Side::Base.of(strategy),
        })
    });
    let heads: Vec<Row> = sides.abouts.into_iter().map(Row::About).chain(controls).collect();
    if !request.quiet {
        let folder = shown(&folder);
        eprintln!("After an interruption: wasm-dispatch-lab bench --resume {folder}");
    }
    let supervisor = Supervisor {
        setup: &setup,
        seed: request.seed.unwrap_or_else(seed_of_now),
        workloads: &workloads,
        launchers: &sides.launchers,
        quiet: request.quiet,
    };
    measure(&supervisor, &run, &folder, &heads)
}

/// The binaries of a run that is resumed, if it is one that compares builds.
pub(crate) fn launchers(recording: &Recording, setup: &Setup, quiet: bool) -> Option<Result<Vec<Launcher>, Error>> {
    let base = recording.engines.iter().find(|about| about.name == Side::Base.name())?;
    let layouts = u32::try_from(setup.parts.len()).unwrap_or(u32::MAX);
    let sides = Base::find(&base.version).and_then(|base| Sides::build(&base, layouts, quiet));
    Some(sides.map(|sides| sides.launchers))
}

#[cfg(test)]
#[path = "../tests/unit/against.rs"]
mod tests;
