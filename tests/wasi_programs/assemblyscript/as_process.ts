// Arguments, environment, clocks, polls, randomness, input, sockets that are none, and the end.
import * as wasi from "./wasi";
import * as a from "./answers";

const out = memory.data(16);
const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const MILLISECOND: u64 = 1000000;

/** Texts that stand one after the other, each with a zero at its end. */
function texts(what: string, count: u32, size: u32, get: (list: usize, bytes: usize) => i32): void {
  const list = new StaticArray<usize>(count + 1);
  const bytes = new ArrayBuffer(size);
  list[count] = 12345;
  a.say(what, get(changetype<usize>(list), changetype<usize>(bytes)));
  for (let i: u32 = 0; i < count; i++) {
    let length = 0;
    while (load<u8>(list[i] + length)) length++;
    a.print(`  "${String.UTF8.decodeUnsafe(list[i], length)}"`);
  }
  a.number("  not touched", list[count]);
}

function now(clock: u32): u64 {
  wasi.clock_time_get(clock, 1, out);
  return load<u64>(out);
}

/** What is waited for: 48 bytes each. */
class Wait {
  private list: StaticArray<u64>;

  constructor(private count: i32) {
    this.list = new StaticArray<u64>(count * 6);
  }

  clock(i: i32, clock: u32, timeout: u64, absolute: bool = false): Wait {
    this.list[6 * i] = 100 + i;
    this.list[6 * i + 2] = clock;
    this.list[6 * i + 3] = timeout;
    this.list[6 * i + 5] = absolute ? 1 : 0;
    return this;
  }

  /** Until a descriptor can be read or written. */
  descriptor(i: i32, fd: u32, write: bool): Wait {
    this.list[6 * i] = 100 + i;
    this.list[6 * i + 1] = write ? 2 : 1;
    this.list[6 * i + 2] = fd;
    return this;
  }

  run(): i32 {
    const events = new StaticArray<u64>(this.count * 4);
    const error = wasi.poll_oneoff(changetype<usize>(this.list), changetype<usize>(events), this.count, out);
    if (error) return error;
    for (let i: u32 = 0; i < load<u32>(out); i++) {
      const what = events[4 * i + 1];
      a.print(`  event ${events[4 * i]}: kind ${(what >> 16) & 0xff}, error ${what & 0xffff}`);
    }
    return 0;
  }
}

export function _start(): void {
  a.say("sizes of arguments", wasi.args_sizes_get(out, out + 4));
  a.number("arguments", load<u32>(out));
  a.number("bytes", load<u32>(out + 4));
  texts("arguments", load<u32>(out), load<u32>(out + 4), (list, bytes) => wasi.args_get(list, bytes));
  a.say("sizes of environment", wasi.environ_sizes_get(out, out + 4));
  a.number("variables", load<u32>(out));
  a.number("bytes", load<u32>(out + 4));
  texts("environment", load<u32>(out), load<u32>(out + 4), (list, bytes) => wasi.environ_get(list, bytes));

  a.say("resolution", wasi.clock_res_get(REALTIME, out));
  a.number("fine", load<u64>(out) > 0 && load<u64>(out) <= 1000 * MILLISECOND ? 1 : 0);
  a.say("time", wasi.clock_time_get(MONOTONIC, 1000, out));
  let last = now(MONOTONIC);
  let back = 0;
  for (let i = 0; i < 100; i++) {
    const time = now(MONOTONIC);
    if (time < last) back++;
    last = time;
  }
  a.number("times that went back", back);
  a.number("after 2020", now(REALTIME) > 1577836800000 * MILLISECOND ? 1 : 0);

  const start = now(MONOTONIC);
  a.say("wait", new Wait(1).clock(0, MONOTONIC, 20 * MILLISECOND).run());
  a.number("waited", now(MONOTONIC) - start >= 20 * MILLISECOND ? 1 : 0);
  a.say("the first of two", new Wait(2).clock(0, MONOTONIC, 9000000 * MILLISECOND).clock(1, REALTIME, 5 * MILLISECOND).run());
  a.say("until a time", new Wait(1).clock(0, REALTIME, now(REALTIME) + 5 * MILLISECOND, true).run());
  a.say("until one that is over", new Wait(1).clock(0, MONOTONIC, 1, true).run());
  a.say("what can be written", new Wait(2).descriptor(0, 1, true).clock(1, MONOTONIC, 9000000 * MILLISECOND).run());
  a.say("nothing", new Wait(0).run());

  const one = new StaticArray<u64>(8);
  const two = new StaticArray<u64>(8);
  a.say("random", wasi.random_get(changetype<usize>(one), 64));
  a.say("random", wasi.random_get(changetype<usize>(two), 63));
  let same = 0;
  for (let i = 0; i < 8; i++) if (one[i] == two[i]) same++;
  a.number("the same", same);
  a.number("the last byte", two[7] >> 56);

  a.say("prestat", wasi.fd_prestat_get(3, out));
  a.number("length of its name", load<u32>(out + 4));
  a.say("its name", wasi.fd_prestat_dir_name(3, out, 1));
  a.number("a slash", load<u8>(out));
  a.say("no prestat", wasi.fd_prestat_get(0, out));
  a.say("no prestat", wasi.fd_prestat_get(4, out));

  // Input, in three buffers of which one is empty.
  const text = new ArrayBuffer(12);
  const parts = new StaticArray<usize>(6);
  parts[0] = changetype<usize>(text);
  parts[1] = 2;
  parts[2] = changetype<usize>(text) + 2;
  parts[4] = changetype<usize>(text) + 2;
  parts[5] = 3;
  let got: u32 = 0;
  a.say("read", wasi.fd_read(0, changetype<usize>(parts), 1, out));
  got += load<u32>(out);
  a.say("read on", wasi.fd_read(0, changetype<usize>(parts) + 8, 2, out));
  // An engine may stop at the empty one.
  if (load<u32>(out) == 0) wasi.fd_read(0, changetype<usize>(parts) + 16, 1, out);
  got += load<u32>(out);
  a.number("read", got);
  a.print(`  "${String.UTF8.decode(text.slice(0, got))}"`);
  a.say("the rest", a.read(0, 5));
  a.say("the rest", a.read(0));
  a.say("the end", a.read(0));
  a.say("write to it", a.write(0, "x"));
  a.say("read output", a.read(1));

  a.say("accept", wasi.sock_accept(1, 0, out));
  a.say("receive", wasi.sock_recv(1, changetype<usize>(parts), 1, 0, out, out + 4));
  a.say("send", wasi.sock_send(1, changetype<usize>(parts), 1, 0, out));
  a.say("shut down", wasi.sock_shutdown(1, 1));
  a.say("accept what is not open", wasi.sock_accept(77, 0, out));
  a.say("yield", wasi.sched_yield());
  wasi.proc_exit(77);
  a.print("still here");
}
