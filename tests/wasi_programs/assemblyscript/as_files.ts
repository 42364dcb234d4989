// Reading, writing and seeking in files, their sizes, times, flags and descriptors.
import * as wasi from "./wasi";
import * as a from "./answers";

const SECOND: u64 = 1000000000;

export function _start(): void {
  // Text that takes several bytes a letter, through a collector's objects.
  a.say("open", a.open(a.ROOT, "ä", a.READ | a.WRITE, a.CREATE | a.EXCLUSIVE));
  const file = a.opened;
  a.say("open again", a.open(a.ROOT, "ä", a.READ, a.CREATE | a.EXCLUSIVE));
  a.say("write", a.write(file, "größer als €"));
  a.say("tell", a.tell(file));
  a.say("seek", a.seek(file, -3, a.END));
  a.say("read", a.read(file));
  a.say("read at the end", a.read(file));
  a.say("seek before the start", a.seek(file, -99, a.CUR));
  a.say("pread", a.pread(file, 7, 0));
  a.say("pread across the end", a.pread(file, 64, 12));
  a.say("pwrite", a.put(file, "!", 20));
  a.say("tell, as before", a.tell(file));
  a.number("size", a.Stat.of(file).size);
  a.say("advise", wasi.fd_advise(file, 0, 4, 3));
  a.say("sync", wasi.fd_sync(file));
  a.say("datasync", wasi.fd_datasync(file));

  // Many small writes and reads: strings come and go.
  a.say("cut", wasi.fd_filestat_set_size(file, 0));
  a.say("seek", a.seek(file, 0, a.SET));
  let all = "";
  for (let i = 0; i < 40; i++) {
    const piece = `piece ${i} of ${i * i}, `;
    if (a.put(file, piece, all.length)) a.print("not written");
    all += piece;
  }
  a.number("length", all.length);
  a.number("size", a.Stat.ofPath(a.ROOT, "ä").size);
  a.say("read", a.read(file, 30));
  a.say("grow", wasi.fd_filestat_set_size(file, 2000));
  a.number("size", a.Stat.of(file).size);

  // Times.
  a.say("set times", wasi.fd_filestat_set_times(file, 3 * SECOND + 1, 4 * SECOND + 2, a.ATIM | a.MTIM));
  a.number("accessed", a.Stat.of(file).accessed);
  a.number("modified", a.Stat.of(file).modified);
  a.say("set times of a path", a.setTimes(a.ROOT, "ä", 0, 0, 5 * SECOND, a.MTIM));
  a.number("modified", a.Stat.ofPath(a.ROOT, "ä").modified);
  a.say("now and then", wasi.fd_filestat_set_times(file, 0, SECOND, a.MTIM | a.MTIM_NOW));
  a.say("now", wasi.fd_filestat_set_times(file, 0, 0, a.MTIM_NOW));
  a.number("lately", a.Stat.of(file).modified > 1700000000 * SECOND ? 1 : 0);

  // Flags.
  a.say("fdstat", a.fdstat(file));
  a.say("append", wasi.fd_fdstat_set_flags(file, a.APPEND));
  a.say("fdstat", a.fdstat(file));
  a.say("seek", a.seek(file, 5, a.SET));
  a.say("write", a.write(file, "the end"));
  a.number("size", a.Stat.of(file).size);
  a.say("no flags", wasi.fd_fdstat_set_flags(file, 0));

  // Descriptors.
  a.say("open", a.open(a.ROOT, "ä", a.READ));
  const second = a.opened;
  a.say("write to what is read", a.write(second, "x"));
  a.say("renumber", wasi.fd_renumber(file, second));
  a.say("close the old number", wasi.fd_close(file));
  a.say("tell", a.tell(second));
  a.say("close", wasi.fd_close(second));
  a.say("close again", wasi.fd_close(second));
  a.say("read what is closed", a.read(second));
  a.say("seek there", a.seek(second, 0, a.SET));
  a.say("stat", a.fdstat(second));
  a.say("truncate", a.open(a.ROOT, "ä", a.READ | a.WRITE, a.TRUNCATE));
  a.number("size", a.Stat.of(a.opened).size);
  a.say("close", wasi.fd_close(a.opened));
  a.say("unlink", a.unlink(a.ROOT, "ä"));
}
