//! A short campaign; `scripts/fuzz --source hostile` goes on with it.

use wasm_dispatch_hostile::campaign::Campaign;
use wasm_dispatch_hostile::modules::{Source, module};

#[test]
fn hostile_modules_end_in_time_and_in_memory_and_the_same_under_every_strategy() {
    let campaign = Campaign {
        source: Source::Both,
        from: 0,
        seeds: Some(160),
        time: None,
    };
    let found = campaign.run(|_, _| {});
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    // So that it is not a test of refusals alone.
    assert!(found.tried >= 120 && found.loaded * 4 > found.tried, "{found}");
}

#[test]
fn a_seed_makes_the_same_module_again() {
    for seed in 0..20 {
        let [one, again] = [(); 2].map(|()| module(Source::Both, seed).map(|made| (made.name, made.bytes)));
        assert_eq!(one, again);
    }
}
