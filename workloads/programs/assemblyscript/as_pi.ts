// Digits of pi by the spigot of Gibbons (Unbounded Spigot Algorithms for the Digits of Pi, 2006), over whole numbers of any
// length: each step makes new ones, and the collector frees the old ones.

/** A whole number: its parts of 32 bits, the least one first, and its sign. */
class Whole {
  constructor(
    private parts: u32[],
    private negative: bool,
  ) {}

  static of(value: i32): Whole {
    return new Whole(value == 0 ? [] : [<u32>abs(value)], value < 0);
  }

  private get length(): i32 {
    return this.parts.length;
  }

  /** Without zeros at the end. */
  private static trimmed(parts: u32[], negative: bool): Whole {
    while (parts.length > 0 && parts[parts.length - 1] == 0) parts.pop();
    return new Whole(parts, negative && parts.length > 0);
  }

  /** Compares without signs. */
  private static order(a: Whole, b: Whole): i32 {
    if (a.length != b.length) return a.length < b.length ? -1 : 1;
    for (let i = a.length - 1; i >= 0; i--) {
      if (a.parts[i] != b.parts[i]) return a.parts[i] < b.parts[i] ? -1 : 1;
    }
    return 0;
  }

  /** The sum without signs. */
  private static sum(a: Whole, b: Whole, negative: bool): Whole {
    if (a.length < b.length) return Whole.sum(b, a, negative);
    const parts: u32[] = [];
    let carry: u64 = 0;
    for (let i = 0; i < a.length; i++) {
      carry += <u64>a.parts[i] + (i < b.length ? <u64>b.parts[i] : 0);
      parts.push(<u32>carry);
      carry >>= 32;
    }
    if (carry) parts.push(<u32>carry);
    return new Whole(parts, negative);
  }

  /** The difference without signs; the first is not smaller. */
  private static difference(a: Whole, b: Whole, negative: bool): Whole {
    const parts: u32[] = [];
    let borrow: i64 = 0;
    for (let i = 0; i < a.length; i++) {
      borrow += <i64>a.parts[i] - (i < b.length ? <i64>b.parts[i] : 0);
      parts.push(<u32>borrow);
      borrow >>= 32;
    }
    return Whole.trimmed(parts, negative);
  }

  private signed(negative: bool): Whole {
    return new Whole(this.parts, negative);
  }

  @operator("+")
  plus(other: Whole): Whole {
    if (this.negative == other.negative) return Whole.sum(this, other, this.negative);
    return Whole.order(this, other) >= 0
      ? Whole.difference(this, other, this.negative)
      : Whole.difference(other, this, other.negative);
  }

  @operator("-")
  minus(other: Whole): Whole {
    return this.plus(other.signed(!other.negative));
  }

  @operator("*")
  times(other: Whole): Whole {
    const parts = new Array<u32>(this.length + other.length);
    for (let i = 0; i < this.length; i++) {
      let carry: u64 = 0;
      for (let k = 0; k < other.length; k++) {
        carry += <u64>this.parts[i] * <u64>other.parts[k] + <u64>parts[i + k];
        parts[i + k] = <u32>carry;
        carry >>= 32;
      }
      parts[i + other.length] = <u32>carry;
    }
    return Whole.trimmed(parts, this.negative != other.negative);
  }

  /** How often the other goes into this one, if that is at most nine times: the digit, rounded down. */
  digit(other: Whole): i32 {
    let digit = 0;
    let left: Whole = this;
    while (!left.negative && Whole.order(left, other) >= 0) {
      left = left - other;
      digit++;
    }
    return digit;
  }

  /** Whether this is less than the other. */
  @operator("<")
  less(other: Whole): bool {
    const left = this - other;
    return left.negative;
  }
}

/** FNV-1a over so many digits of pi. */
export function run(digits: i32): i64 {
  // The names are those of the paper: a transformation q, r, s, t, and the number of the step.
  let q = Whole.of(1);
  let r = Whole.of(0);
  let t = Whole.of(1);
  let step = 1;
  let checksum: u64 = 0xcbf29ce484222325;
  const text: string[] = [];
  while (text.length < digits) {
    const odd = Whole.of(2 * step + 1);
    r = (q + q + r) * odd;
    t = t * odd;
    q = q * Whole.of(step);
    step++;
    if (t < q) continue;
    const three = Whole.of(3);
    const four = Whole.of(4);
    const digit = (q * three + r).digit(t);
    if (digit != (q * four + r).digit(t)) continue;
    text.push(digit.toString());
    const ten = Whole.of(10);
    r = (r - t * Whole.of(digit)) * ten;
    q = q * ten;
  }
  const all = text.join("");
  for (let i = 0; i < all.length; i++) {
    checksum = (checksum ^ <u64>all.charCodeAt(i)) * 0x100000001b3;
  }
  return checksum;
}
