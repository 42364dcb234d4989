use super::*;

#[test]
fn a_run_is_named_after_its_utc_time() {
    assert_eq!(run_id(0, Kind::Quick), "19700101-000000-quick");
    assert_eq!(run_id(1_709_251_199, Kind::Full), "20240229-235959-full");
    assert_eq!(timestamp(1_767_323_045), "2026-01-02 03:04:05 UTC");
    assert_eq!(timestamp(1_798_761_599), "2026-12-31 23:59:59 UTC");
}
