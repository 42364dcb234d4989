// Ways over a map of hills, roads, water and walls, by A*: classes, an interface, a heap with a comparison that it is given,
// a map from places to what is known of them, and the collector that frees all that.

const SIDE: i32 = 32;

/** xorshift32, as the other programs have it. */
class Random {
  constructor(private state: u32) {}

  below(limit: u32): u32 {
    let x = this.state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    this.state = x;
    return x % limit;
  }
}

interface Terrain {
  /** What a step onto it costs; nothing if there is no way. */
  cost(weather: i32): i32;
}

class Road implements Terrain {
  cost(weather: i32): i32 {
    return 2;
  }
}

class Hill implements Terrain {
  constructor(private height: i32) {}

  cost(weather: i32): i32 {
    return 3 + this.height * (weather + 1);
  }
}

class Water implements Terrain {
  cost(weather: i32): i32 {
    return weather == 2 ? 4 : 11;
  }
}

class Wall implements Terrain {
  cost(weather: i32): i32 {
    return 0;
  }
}

/** A place on the way, with the best that is known of it. */
class Place {
  done: bool = false;

  constructor(
    public x: i32,
    public y: i32,
    public spent: i32,
    public guess: i32,
  ) {}
}

/** A binary heap: the first is the least by the comparison. */
class Heap<T> {
  private items: T[] = [];

  constructor(private less: (a: T, b: T) => bool) {}

  get size(): i32 {
    return this.items.length;
  }

  push(item: T): void {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.less(item, items[above])) break;
      items[at] = items[above];
      at = above;
    }
    items[at] = item;
  }

  pop(): T {
    const items = this.items;
    const first = items[0];
    const last = items.pop();
    const size = items.length;
    if (size > 0) {
      let at = 0;
      for (;;) {
        let below = 2 * at + 1;
        if (below >= size) break;
        if (below + 1 < size && this.less(items[below + 1], items[below])) below++;
        if (!this.less(items[below], last)) break;
        items[at] = items[below];
        at = below;
      }
      items[at] = last;
    }
    return first;
  }
}

const STEPS: i32[][] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

class Country {
  private ground: Terrain[] = [];

  constructor(random: Random) {
    for (let i = 0; i < SIDE * SIDE; i++) {
      const kind = random.below(10);
      if (kind < 3) this.ground.push(new Road());
      else if (kind < 7) this.ground.push(new Hill(random.below(5)));
      else if (kind < 8) this.ground.push(new Water());
      else this.ground.push(new Wall());
    }
  }

  /** What the cheapest way costs; -1 if there is none. */
  way(fromX: i32, fromY: i32, toX: i32, toY: i32, weather: i32): i32 {
    const known = new Map<i32, Place>();
    const open = new Heap<Place>((a, b) => a.guess < b.guess);
    const first = new Place(fromX, fromY, 0, 0);
    known.set(fromY * SIDE + fromX, first);
    open.push(first);
    while (open.size > 0) {
      const here = open.pop();
      if (here.done) continue;
      here.done = true;
      if (here.x == toX && here.y == toY) return here.spent;
      for (let i = 0; i < STEPS.length; i++) {
        const x = here.x + STEPS[i][0];
        const y = here.y + STEPS[i][1];
        if (x < 0 || y < 0 || x >= SIDE || y >= SIDE) continue;
        const cost = this.ground[y * SIDE + x].cost(weather);
        if (cost == 0) continue;
        const spent = here.spent + cost;
        const key = y * SIDE + x;
        if (known.has(key) && known.get(key).spent <= spent) continue;
        // The heap may still hold the old one, which is done with then.
        if (known.has(key)) known.get(key).done = true;
        const left = 2 * (abs(toX - x) + abs(toY - y));
        const next = new Place(x, y, spent, spent + left);
        known.set(key, next);
        open.push(next);
      }
    }
    return -1;
  }
}

/** What so many ways cost together, in a country and weathers made from one seed. */
export function run(ways: i32): i64 {
  const random = new Random(2463534242);
  const country = new Country(random);
  let sum: i64 = 0;
  for (let i = 0; i < ways; i++) {
    const fromX = random.below(SIDE);
    const fromY = random.below(SIDE);
    const toX = random.below(SIDE);
    const toY = random.below(SIDE);
    sum = sum * 31 + country.way(fromX, fromY, toX, toY, i % 3);
  }
  return sum;
}
