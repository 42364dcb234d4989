use wasm_dispatch_report::summary::OfMachine;

use super::*;

#[test]
fn only_what_stands_between_the_markers_is_replaced() {
    let (begin, end) = (begin("peers"), "<!-- /peers -->");
    let text = format!("before\n{begin}old\n{end}\nafter\n");
    assert_eq!(
        splice(&text, "peers", "new\n").unwrap(),
        format!("before\n{begin}new\n{end}\nafter\n")
    );
    assert!(splice("no markers", "peers", "new").is_err());
    assert!(splice(&begin, "peers", "new").unwrap_err().contains(end));
    assert!(splice(&text, "summary", "new").is_err());
}

#[test]
fn another_machine_is_spoken_of_from_three_on() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/decision.json");
    let mut decision = Decision::read(&recorded).unwrap();
    let machine = OfMachine {
        shared: None,
        ..decision.machines[0].clone()
    };
    decision.machines = vec![machine.clone(); 2];
    assert!(agreement(&decision).ends_with("What another machine would show cannot be said from these 2."));
    decision.machines.push(machine);
    let said = agreement(&decision);
    assert!(
        said.contains("(on all 3)") && !said.contains("cannot be said"),
        "{said}"
    );
    assert!(said.ends_with(" of the time of the first."), "{said}");
}
