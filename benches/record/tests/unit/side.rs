//! Names of strategies with their sides.

use super::*;

#[test]
fn a_name_in_the_record_says_strategy_and_side() {
    for side in Side::ALL {
        assert_eq!(Side::split(&side.of("match_loop")), Some(("match_loop", side)));
    }
    for name in ["threaded", "threaded#2", "threaded@else", "new"] {
        assert_eq!(Side::split(name), None, "{name}");
    }
}
