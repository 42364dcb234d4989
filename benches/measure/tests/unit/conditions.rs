//! What the system tells is understood.

use super::*;

#[test]
fn the_kernels_files_are_understood() {
    let status = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n";
    assert_eq!(switches(status), (Some(3), Some(12)));
    assert_eq!(switches("Name:\tx\n"), (None, None));
    let stat = "cpu  10 1 5 100 2 0 1 7 3 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
    assert_eq!(ticks(stat), Some((7, 126)));
    assert_eq!(ticks("cpu  10 1\n"), None);
    assert_eq!(ticks(""), None);
    let text = "some avg10=1.00 avg60=0.00 avg300=0.00 total=4711\nfull avg10=0.00 total=1\n";
    assert_eq!(pressure(text), Some(4711));
    assert_eq!(pressure("full total=1"), None);
}

#[test]
fn shares_lie_between_nothing_and_everything() {
    let watch = Watch::start();
    let mut sum = 0u64;
    while watch.wall.elapsed().as_millis() < 30 {
        sum = std::hint::black_box(sum + 1);
    }
    let process = watch.process(1, Some(2), 3, "0a");
    assert!(process.wall_nanoseconds >= 30_000_000);
    let share = |value: Option<f64>| value.is_none_or(|value| (0.0..=1.0).contains(&value));
    assert!(share(process.steal) && share(process.pressure), "{process:?}");
    assert!(process.cpu_nanoseconds <= Some(process.wall_nanoseconds + 10_000_000));
}
