//! The vector part of the instruction table as types, in the manner of [`crate::ops`]: for each group an enumeration,
//! which code blocks hold, and for each row a zero-sized type, which generic code of a strategy is instantiated with.
//!
//! None but loads and stores can trap, so all others return plain values.

use crate::ops;
use crate::semantics::memory as access;
use crate::semantics::vector::{bits, conversions, float, integer, memory, tuned, widths};
use crate::slot::SlotValue;
use crate::table::Proposal;
use crate::trap::Trap;
use crate::types::ValType;
use crate::vector::{Lane, V128};

/// An instruction with one vector as its operand and a vector as its result.
pub trait Vector1: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: Vector1Op;
    /// Whether the row is `hot` in the table.
    const HOT: bool;
    /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
    const OPEN_NAN: Option<ValType>;
    /// Computes the result.
    fn apply(a: V128) -> V128;
}

/// An instruction with two vectors as its operands and a vector as its result.
pub trait Vector2: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: Vector2Op;
    /// Whether the row is `hot` in the table.
    const HOT: bool;
    /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
    const OPEN_NAN: Option<ValType>;
    /// Computes the result.
    fn apply(a: V128, b: V128) -> V128;
}

/// An instruction with three vectors as its operands and a vector as its result.
pub trait Vector3: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: Vector3Op;
    /// Whether the row is `hot` in the table.
    const HOT: bool;
    /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
    const OPEN_NAN: Option<ValType>;
    /// Computes the result.
    fn apply(a: V128, b: V128, c: V128) -> V128;
}

/// An instruction with a vector as its operand and an `i32` as its result.
pub trait VectorTest: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: VectorTestOp;
    /// Whether the row is `hot` in the table.
    const HOT: bool;
    /// Computes the result.
    fn apply(a: V128) -> u32;
}

/// A shift of all lanes by an `i32`.
pub trait Shift: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: ShiftOp;
    /// Whether the row is `hot` in the table.
    const HOT: bool;
    /// Computes the result.
    fn apply(a: V128, b: u32) -> V128;
}

/// A vector with the same scalar in every lane.
pub trait Splat: Copy + Send + Sync + 'static {
    /// The scalar.
    type A: SlotValue;
    /// The row's number.
    const OP: SplatOp;
    /// Computes the result.
    fn apply(a: Self::A) -> V128;
}

/// A lane of a vector as a scalar. The lane is an immediate, below [`Extract::LANES`].
pub trait Extract: Copy + Send + Sync + 'static {
    /// The scalar.
    type R: SlotValue;
    /// The row's number.
    const OP: ExtractOp;
    /// Lanes of the shape.
    const LANES: u8;
    /// Computes the result.
    fn apply(a: V128, lane: u8) -> Self::R;
}

/// A vector with one lane replaced by a scalar. The lane is an immediate, below [`Replace::LANES`].
pub trait Replace: Copy + Send + Sync + 'static {
    /// The scalar.
    type B: SlotValue;
    /// The row's number.
    const OP: ReplaceOp;
    /// Lanes of the shape.
    const LANES: u8;
    /// Computes the result.
    fn apply(a: V128, lane: u8, b: Self::B) -> V128;
}

/// A load of a vector from linear memory.
pub trait VectorLoad: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: VectorLoadOp;
    /// Bytes read.
    const WIDTH: usize;
    /// Reads `WIDTH` bytes at `address + offset`.
    ///
    /// # Errors
    ///
    /// Traps when they lie past the end of the memory.
    fn load<At: Into<u64>>(memory: &[u8], address: At, offset: u64) -> Result<V128, Trap>;
    /// The result for these bytes; exactly `WIDTH` of them count.
    fn from_bytes(bytes: [u8; 16]) -> V128;
}

/// A store of a vector to linear memory.
pub trait VectorStore: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: VectorStoreOp;
    /// Bytes written.
    const WIDTH: usize;
    /// Writes `WIDTH` bytes at `address + offset`.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past the end of the memory.
    fn store<At: Into<u64>>(memory: &mut [u8], address: At, offset: u64, value: V128) -> Result<(), Trap>;
    /// The bytes that are written.
    fn to_bytes(value: V128) -> [u8; 16];
}

/// A load of one lane from linear memory. The lane is an immediate, below [`LoadLane::LANES`].
pub trait LoadLane: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: LoadLaneOp;
    /// Bytes read.
    const WIDTH: usize;
    /// Lanes of the shape.
    const LANES: u8;
    /// Reads `WIDTH` bytes at `address + offset` into a lane of the vector.
    ///
    /// # Errors
    ///
    /// Traps when they lie past the end of the memory.
    fn load<At: Into<u64>>(memory: &[u8], address: At, offset: u64, lane: u8, value: V128) -> Result<V128, Trap>;
    /// The vector with these bytes in a lane; exactly `WIDTH` of them count.
    fn insert(value: V128, lane: u8, bytes: [u8; 8]) -> V128;
}

/// A store of one lane to linear memory. The lane is an immediate, below [`StoreLane::LANES`].
pub trait StoreLane: Copy + Send + Sync + 'static {
    /// The row's number.
    const OP: StoreLaneOp;
    /// Bytes written.
    const WIDTH: usize;
    /// Lanes of the shape.
    const LANES: u8;
    /// Writes the `WIDTH` bytes of a lane of the vector at `address + offset`.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past the end of the memory.
    fn store<At: Into<u64>>(memory: &mut [u8], address: At, offset: u64, lane: u8, value: V128) -> Result<(), Trap>;
    /// The bytes of a lane, `WIDTH` of them, then zeros.
    fn extract(value: V128, lane: u8) -> [u8; 8];
}

/// The low bytes, as many as a load's semantics want.
#[inline(always)]
fn low_bytes<const WIDTH: usize, const COUNT: usize>(bytes: &[u8; COUNT]) -> [u8; WIDTH] {
    // As in `ops::Load::from_bytes`: not `copy_from_slice`, which may stay a call.
    match bytes.first_chunk() {
        Some(&low) => low,
        None => unreachable!("no access is wider than its value"),
    }
}

/// Methods of an enumeration that ask its rows' types, each of which is `O` in the answer.
macro_rules! methods {
    (
        $enum:ident $names:tt
        $($(#[$doc:meta])* fn $method:ident($($argument:ident: $ty:ty),*) -> $result:ty => $answer:expr;)*
    ) => {
        impl $enum {
            $(
                $(#[$doc])*
                pub fn $method(self $(, $argument: $ty)*) -> $result {
                    methods!(@ self $enum $names $answer)
                }
            )*
        }
    };
    (@ $self:ident $enum:ident [$($name:ident)*] $answer:expr) => {
        match $self {
            $($enum::$name => {
                type O = $name;
                $answer
            })*
        }
    };
}

/// For one group: what every group has, and the methods that its enumeration has besides.
macro_rules! group {
    (
        $(#[$doc:meta])* $enum:ident visits $trait:ident through $visitor:ident; { $($method:tt)* }
        $($(#[$row_doc:meta])* $name:ident $mnemonic:literal $proposal:ident)*
    ) => {
        ops::group! {
            $(#[$doc])* $enum visits $trait through $visitor;
            $($(#[$row_doc])* $name $mnemonic $proposal)*
        }
        methods! { $enum [$($name)*] $($method)* }
    };
}

/// A row's type, with what its group's trait wants.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident: $trait:ident as $enum:ident { $($item:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl $trait for $name {
            const OP: $enum = $enum::$name;
            $($item)*
        }
    };
}

macro_rules! hot {
    (hot) => {
        true
    };
    (cold) => {
        false
    };
}

macro_rules! pure_row {
    (
        $(#[$doc:meta])* $name:ident: $trait:ident as $enum:ident ($($a:ident: $ty:ty),*) -> $r:ty,
        $heat:ident { $m:ident $(:: $f:ident)* } $($item:item)?
    ) => {
        row! {
            $(#[$doc])* $name: $trait as $enum {
                $($item)?
                const HOT: bool = hot!($heat);
                #[inline(always)]
                fn apply($($a: $ty),*) -> $r {
                    $m $(:: $f)* ($($a),*)
                }
            }
        }
    };
}

macro_rules! open_nan {
    () => {
        None
    };
    (f32) => {
        Some(ValType::F32)
    };
    (f64) => {
        Some(ValType::F64)
    };
}

/// A row that gives a vector, in whose lanes a NaN may be left open.
macro_rules! lanes_row {
    (
        $(#[$doc:meta])* $name:ident: $trait:ident as $enum:ident ($($a:ident)*),
        $heat:ident { $m:ident $(:: $f:ident)* $(, nan $lane:ident)? }
    ) => {
        pure_row! {
            $(#[$doc])* $name: $trait as $enum ($($a: V128),*) -> V128, $heat { $m $(:: $f)* }
            const OPEN_NAN: Option<ValType> = open_nan!($($lane)?);
        }
    };
}

macro_rules! splat_row {
    ($(#[$doc:meta])* $name:ident { $a:ty as $lane:ty }) => {
        row! {
            $(#[$doc])* $name: Splat as SplatOp {
                type A = $a;
                #[inline(always)]
                fn apply(a: $a) -> V128 {
                    (a as $lane).splat()
                }
            }
        }
    };
}

macro_rules! extract_row {
    ($(#[$doc:meta])* $name:ident { $lane:ty as $r:ty }) => {
        row! {
            $(#[$doc])* $name: Extract as ExtractOp {
                type R = $r;
                const LANES: u8 = <$lane as Lane>::COUNT;
                #[inline(always)]
                fn apply(a: V128, lane: u8) -> $r {
                    <$lane>::extract(a, lane) as $r
                }
            }
        }
    };
}

macro_rules! replace_row {
    ($(#[$doc:meta])* $name:ident { $b:ty as $lane:ty }) => {
        row! {
            $(#[$doc])* $name: Replace as ReplaceOp {
                type B = $b;
                const LANES: u8 = <$lane as Lane>::COUNT;
                #[inline(always)]
                fn apply(a: V128, lane: u8, b: $b) -> V128 {
                    (b as $lane).replace(a, lane)
                }
            }
        }
    };
}

macro_rules! vector_load_row {
    ($(#[$doc:meta])* $name:ident { $m:ident::$f:ident, $width:literal }) => {
        row! {
            $(#[$doc])* $name: VectorLoad as VectorLoadOp {
                const WIDTH: usize = $width;
                #[inline(always)]
                fn load<At: Into<u64>>(bytes: &[u8], address: At, offset: u64) -> Result<V128, Trap> {
                    Ok($m::$f(access::read::<$width>(bytes, address, offset)?))
                }
                #[inline(always)]
                fn from_bytes(bytes: [u8; 16]) -> V128 {
                    $m::$f(low_bytes(&bytes))
                }
            }
        }
    };
}

macro_rules! vector_store_row {
    ($(#[$doc:meta])* $name:ident { $m:ident::$f:ident, $width:literal }) => {
        row! {
            $(#[$doc])* $name: VectorStore as VectorStoreOp {
                const WIDTH: usize = $width;
                #[inline(always)]
                fn store<At: Into<u64>>(bytes: &mut [u8], address: At, offset: u64, value: V128) -> Result<(), Trap> {
                    access::write::<$width>(bytes, address, offset, $m::$f(value))
                }
                #[inline(always)]
                fn to_bytes(value: V128) -> [u8; 16] {
                    $m::$f(value)
                }
            }
        }
    };
}

macro_rules! load_lane_row {
    ($(#[$doc:meta])* $name:ident { $lane:ty, $width:literal }) => {
        row! {
            $(#[$doc])* $name: LoadLane as LoadLaneOp {
                const WIDTH: usize = $width;
                const LANES: u8 = <$lane as Lane>::COUNT;
                #[inline(always)]
                fn load<At: Into<u64>>(bytes: &[u8], address: At, offset: u64, lane: u8, value: V128) -> Result<V128, Trap> {
                    let bytes = access::read::<$width>(bytes, address, offset)?;
                    Ok(<$lane>::from_le_bytes(bytes).replace(value, lane))
                }
                #[inline(always)]
                fn insert(value: V128, lane: u8, bytes: [u8; 8]) -> V128 {
                    <$lane>::from_le_bytes(low_bytes(&bytes)).replace(value, lane)
                }
            }
        }
    };
}

macro_rules! store_lane_row {
    ($(#[$doc:meta])* $name:ident { $lane:ty, $width:literal }) => {
        row! {
            $(#[$doc])* $name: StoreLane as StoreLaneOp {
                const WIDTH: usize = $width;
                const LANES: u8 = <$lane as Lane>::COUNT;
                #[inline(always)]
                fn store<At: Into<u64>>(bytes: &mut [u8], address: At, offset: u64, lane: u8, value: V128) -> Result<(), Trap> {
                    access::write::<$width>(bytes, address, offset, <$lane>::extract(value, lane).to_le_bytes())
                }
                #[inline(always)]
                fn extract(value: V128, lane: u8) -> [u8; 8] {
                    u64::from(<$lane as Lane>::extract(value, lane)).to_le_bytes()
                }
            }
        }
    };
}

macro_rules! define {
    (
        vector1 { $($(#[$ad:meta])* $a:ident $am:literal $ap:ident $ah:ident $ab:tt)* }
        vector2 { $($(#[$bd:meta])* $b:ident $bm:literal $bp:ident $bh:ident $bb:tt)* }
        vector3 { $($(#[$cd:meta])* $c:ident $cm:literal $cp:ident $ch:ident $cb:tt)* }
        vector_test { $($(#[$td:meta])* $t:ident $tm:literal $tp:ident $th:ident $tb:tt)* }
        shift { $($(#[$hd:meta])* $h:ident $hm:literal $hp:ident $hh:ident $hb:tt)* }
        splat { $($(#[$pd:meta])* $p:ident $pm:literal $pp:ident $ph:ident $pb:tt)* }
        extract { $($(#[$ed:meta])* $e:ident $em:literal $ep:ident $eh:ident $eb:tt)* }
        replace { $($(#[$rd:meta])* $r:ident $rm:literal $rp:ident $rh:ident $rb:tt)* }
        vector_load { $($(#[$ld:meta])* $l:ident $lm:literal $lp:ident $lh:ident $lb:tt)* }
        vector_store { $($(#[$sd:meta])* $s:ident $sm:literal $sp:ident $sh:ident $sb:tt)* }
        load_lane { $($(#[$nd:meta])* $n:ident $nm:literal $np:ident $nh:ident $nb:tt)* }
        store_lane { $($(#[$od:meta])* $o:ident $om:literal $op:ident $oh:ident $ob:tt)* }
    ) => {
        group! {
            /// Instructions with one vector as their operand and a vector as their result.
            Vector1Op visits Vector1 through Vector1Visitor; {
                /// Computes the result.
                fn apply(a: V128) -> V128 => O::apply(a);
                /// Whether the row is `hot` in the table.
                fn is_hot() -> bool => O::HOT;
                /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
                fn open_nan() -> Option<ValType> => O::OPEN_NAN;
            }
            $($(#[$ad])* $a $am $ap)*
        }
        group! {
            /// Instructions with two vectors as their operands and a vector as their result.
            Vector2Op visits Vector2 through Vector2Visitor; {
                /// Computes the result.
                fn apply(a: V128, b: V128) -> V128 => O::apply(a, b);
                /// Whether the row is `hot` in the table.
                fn is_hot() -> bool => O::HOT;
                /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
                fn open_nan() -> Option<ValType> => O::OPEN_NAN;
            }
            $($(#[$bd])* $b $bm $bp)*
        }
        group! {
            /// Instructions with three vectors as their operands and a vector as their result.
            Vector3Op visits Vector3 through Vector3Visitor; {
                /// Computes the result.
                fn apply(a: V128, b: V128, c: V128) -> V128 => O::apply(a, b, c);
                /// Whether the row is `hot` in the table.
                fn is_hot() -> bool => O::HOT;
                /// Type of the lanes, if these may be NaNs of which the specification leaves open which ones.
                fn open_nan() -> Option<ValType> => O::OPEN_NAN;
            }
            $($(#[$cd])* $c $cm $cp)*
        }
        group! {
            /// Instructions with a vector as their operand and an `i32` as their result.
            VectorTestOp visits VectorTest through VectorTestVisitor; {
                /// Computes the result.
                fn apply(a: V128) -> u32 => O::apply(a);
                /// Whether the row is `hot` in the table.
                fn is_hot() -> bool => O::HOT;
            }
            $($(#[$td])* $t $tm $tp)*
        }
        group! {
            /// Shifts of all lanes.
            ShiftOp visits Shift through ShiftVisitor; {
                /// Computes the result.
                fn apply(a: V128, b: u32) -> V128 => O::apply(a, b);
                /// Whether the row is `hot` in the table.
                fn is_hot() -> bool => O::HOT;
            }
            $($(#[$hd])* $h $hm $hp)*
        }
        group! {
            /// Vectors with the same scalar in every lane.
            SplatOp visits Splat through SplatVisitor; {
                /// Computes the result of a slot.
                fn apply(a: u64) -> V128 => O::apply(SlotValue::from_slot(a));
                /// Type of the operand.
                fn operand() -> ValType => <<O as Splat>::A as SlotValue>::TYPE;
            }
            $($(#[$pd])* $p $pm $pp)*
        }
        group! {
            /// Lanes as scalars.
            ExtractOp visits Extract through ExtractVisitor; {
                /// Computes the slot with the result.
                fn apply(a: V128, lane: u8) -> u64 => O::apply(a, lane).to_slot();
                /// Type of the result.
                fn result() -> ValType => <<O as Extract>::R as SlotValue>::TYPE;
                /// Lanes of the shape.
                fn lanes() -> u8 => O::LANES;
            }
            $($(#[$ed])* $e $em $ep)*
        }
        group! {
            /// Vectors with one lane replaced.
            ReplaceOp visits Replace through ReplaceVisitor; {
                /// Computes the result of a vector and a slot.
                fn apply(a: V128, lane: u8, b: u64) -> V128 => O::apply(a, lane, SlotValue::from_slot(b));
                /// Type of the scalar operand.
                fn operand() -> ValType => <<O as Replace>::B as SlotValue>::TYPE;
                /// Lanes of the shape.
                fn lanes() -> u8 => O::LANES;
            }
            $($(#[$rd])* $r $rm $rp)*
        }
        group! {
            /// Loads of vectors from linear memory.
            VectorLoadOp visits VectorLoad through VectorLoadVisitor; {
                /// Loads a vector.
                ///
                /// # Errors
                ///
                /// Traps past the end of the memory.
                fn apply(memory: &[u8], address: impl Into<u64>, offset: u64) -> Result<V128, Trap> => O::load(memory, address, offset);
                /// Bytes read.
                fn width() -> usize => O::WIDTH;
            }
            $($(#[$ld])* $l $lm $lp)*
        }
        group! {
            /// Stores of vectors to linear memory.
            VectorStoreOp visits VectorStore through VectorStoreVisitor; {
                /// Stores a vector.
                ///
                /// # Errors
                ///
                /// Traps past the end of the memory.
                fn apply(memory: &mut [u8], address: impl Into<u64>, offset: u64, value: V128) -> Result<(), Trap> => O::store(memory, address, offset, value);
                /// Bytes written.
                fn width() -> usize => O::WIDTH;
            }
            $($(#[$sd])* $s $sm $sp)*
        }
        group! {
            /// Loads of one lane from linear memory.
            LoadLaneOp visits LoadLane through LoadLaneVisitor; {
                /// Loads a lane of a vector.
                ///
                /// # Errors
                ///
                /// Traps past the end of the memory.
                fn apply(memory: &[u8], address: impl Into<u64>, offset: u64, lane: u8, value: V128) -> Result<V128, Trap> => O::load(memory, address, offset, lane, value);
                /// Bytes read.
                fn width() -> usize => O::WIDTH;
                /// Lanes of the shape.
                fn lanes() -> u8 => O::LANES;
            }
            $($(#[$nd])* $n $nm $np)*
        }
        group! {
            /// Stores of one lane to linear memory.
            StoreLaneOp visits StoreLane through StoreLaneVisitor; {
                /// Stores a lane of a vector.
                ///
                /// # Errors
                ///
                /// Traps past the end of the memory.
                fn apply(memory: &mut [u8], address: impl Into<u64>, offset: u64, lane: u8, value: V128) -> Result<(), Trap> => O::store(memory, address, offset, lane, value);
                /// Bytes written.
                fn width() -> usize => O::WIDTH;
                /// Lanes of the shape.
                fn lanes() -> u8 => O::LANES;
            }
            $($(#[$od])* $o $om $op)*
        }
        $(lanes_row! { $(#[$ad])* $a: Vector1 as Vector1Op (a), $ah $ab })*
        $(lanes_row! { $(#[$bd])* $b: Vector2 as Vector2Op (a b), $bh $bb })*
        $(lanes_row! { $(#[$cd])* $c: Vector3 as Vector3Op (a b c), $ch $cb })*
        $(pure_row! { $(#[$td])* $t: VectorTest as VectorTestOp (a: V128) -> u32, $th $tb })*
        $(pure_row! { $(#[$hd])* $h: Shift as ShiftOp (a: V128, b: u32) -> V128, $hh $hb })*
        $(splat_row! { $(#[$pd])* $p $pb })*
        $(extract_row! { $(#[$ed])* $e $eb })*
        $(replace_row! { $(#[$rd])* $r $rb })*
        $(vector_load_row! { $(#[$ld])* $l $lb })*
        $(vector_store_row! { $(#[$sd])* $s $sb })*
        $(load_lane_row! { $(#[$nd])* $n $nb })*
        $(store_lane_row! { $(#[$od])* $o $ob })*
    };
}

crate::for_each_vector!(define);
