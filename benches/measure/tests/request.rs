//! What a run consists of, by what is asked for.

use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::bench::Request;
use wasm_dispatch_record::record::Setup;

fn setup(request: Request) -> Setup {
    request.setup(&["count".to_owned()], &[None]).expect("a setup")
}

/// What is ranked must have shown that it does not differ from itself.
#[test]
fn in_full_and_metered_runs_every_strategy_is_measured_against_itself() {
    for (full, metered) in [(true, false), (false, true), (true, true)] {
        let asked = Request {
            full,
            metered,
            ..Request::default()
        };
        let Setup {
            control,
            controls,
            strategies,
            ..
        } = setup(asked);
        assert!(strategies.len() >= 6, "{strategies:?}");
        assert_eq!((control, controls), (None, strategies));
    }
    let quick = setup(Request::default());
    let default = Entrant::default().name.to_owned();
    assert_eq!((quick.control, quick.controls), (Some(default), Vec::new()));
}
