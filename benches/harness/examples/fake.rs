#![allow(missing_docs)]
#[path = "../tests/common/mod.rs"]
mod common;
fn main() {
    let base = std::path::PathBuf::from("/tmp/fake");
    let _ = std::fs::remove_dir_all(&base);
    common::write_run(&base.join("a"), &common::STRATEGIES, &common::WORKLOADS, None);
    common::write_run(
        &base.join("b"),
        &common::STRATEGIES,
        &common::WORKLOADS,
        Some("closure_per_op"),
    );
    let many: Vec<(String, f64, f64)> = (0..12)
        .map(|i| {
            let (n, a, b) = common::STRATEGIES[i % 6];
            (
                if i < 6 { n.to_string() } else { format!("{n}_again") },
                a * (1.0 + 0.1 * (i / 6) as f64),
                b * 1.1,
            )
        })
        .collect();
    let many: Vec<(&str, f64, f64)> = many.iter().map(|(a, b, c)| (a.as_str(), *b, *c)).collect();
    let wl: Vec<(String, &str, f64, u64)> = (0..40)
        .map(|i| {
            let w = common::WORKLOADS[i % 11];
            (format!("{}_{i}", w.0), w.1, w.2, w.3)
        })
        .collect();
    let wl: Vec<(&str, &str, f64, u64)> = wl.iter().map(|(a, b, c, d)| (a.as_str(), *b, *c, *d)).collect();
    common::write_run(&base.join("c"), &many, &wl, None);
    common::write_run(
        &base.join("d"),
        &common::STRATEGIES[4..5],
        &common::WORKLOADS[..1],
        None,
    );
    for x in ["a", "b", "c", "d"] {
        let d = base.join(x);
        let t = std::time::Instant::now();
        let r = wasm_dispatch_harness::report(&d, &d).unwrap();
        println!("{}\n{:?}\n", r.text(), t.elapsed());
    }
}
