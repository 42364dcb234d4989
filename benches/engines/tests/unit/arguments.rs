use super::*;

#[test]
fn what_is_shown_is_read_back_to_the_same_bits() {
    let values = [
        Value::I32(-1),
        Value::I64(i64::MIN),
        Value::F32(0.1),
        Value::F64(-0.0),
        Value::F64(f64::INFINITY),
        Value::ExternRef(None),
        Value::ExternRef(Some(ExternRef(7))),
        Value::FuncRef(None),
        Value::V128(0),
        Value::V128(u128::MAX - 1),
    ];
    for value in values {
        assert_eq!(show(&read(&show(&value), value.ty()).unwrap()), show(&value));
    }
    assert_eq!(show(&read("0x7fc00001", ValType::F32).unwrap()), "f32:0x7fc00001");
}

#[test]
fn a_type_may_be_left_out_but_not_be_another_one() {
    assert_eq!(read("30", ValType::I64), Ok(Value::I64(30)));
    assert_eq!(read("4294967295", ValType::I32), Ok(Value::I32(-1)));
    assert_eq!(read("v128:0x100000002", ValType::V128), Ok(Value::V128(1 << 32 | 2)));
    assert!(read("-0x1", ValType::I32).is_err());
    for (text, ty) in [
        ("i64:30", ValType::I32),
        ("4294967296", ValType::I32),
        ("1.5", ValType::I64),
        ("nan", ValType::F32),
        ("3", ValType::FuncRef),
        ("0x1ffffffffffffffffffffffffffffffff", ValType::V128),
        ("-1", ValType::V128),
        ("", ValType::I32),
    ] {
        let error = read(text, ty).unwrap_err();
        assert!(error.contains(&format!("'{text}'")), "{error}");
    }
}
