use super::*;

#[test]
fn times_are_shown_in_the_unit_that_fits() {
    assert_eq!(time(0.5), "0.50 ns");
    assert_eq!(time(0.0042), "0.0042 ns");
    assert_eq!(time(999.9), "1.00 µs");
    assert_eq!(time(12_345.0), "12.3 µs");
    assert_eq!(time(12_345_678.0), "12.3 ms");
    assert_eq!(time(123e9), "123 s");
}

#[test]
fn sizes_are_shown_in_the_unit_that_fits() {
    assert_eq!(bytes(12.0), "12 B");
    assert_eq!(bytes(999_900.0), "1.00 MB");
    assert_eq!(bytes(12_345.0), "12.3 KB");
}

#[test]
fn counts_have_no_more_digits_than_they_need() {
    assert_eq!(count(0.00123), "0.0012");
    assert_eq!(count(0.5), "0.5");
    assert_eq!(count(3.0), "3");
    assert_eq!(count(45.2), "45");
    assert_eq!(count(2_345_678.0), "2.35 million");
    assert_eq!(count(0.0), "0");
}
