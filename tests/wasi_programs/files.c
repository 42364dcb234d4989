// Reading, writing and seeking in files, their sizes, times and flags.
#include "answers.h"

static void size(const char *what) { SAY_NUMBER(what, stat_of(ROOT, "f", 0).size); }

static __wasi_errno_t seek(__wasi_fd_t fd, int64_t by, int whence) {
  __wasi_filesize_t at = 0;
  __wasi_errno_t error = __wasi_fd_seek(fd, by, whence, &at);
  if (!error) printf("  at %llu\n", (unsigned long long)at);
  return error;
}

static __wasi_errno_t pread_text(__wasi_fd_t fd, uint64_t at) {
  char text[8] = {0};
  __wasi_iovec_t part = {(uint8_t *)text, 4};
  __wasi_size_t count = 0;
  __wasi_errno_t error = __wasi_fd_pread(fd, &part, 1, at, &count);
  if (!error) printf("  read %u: \"%s\"\n", (unsigned)count, text);
  return error;
}

static __wasi_errno_t pwrite_text(__wasi_fd_t fd, const char *text, uint64_t at) {
  __wasi_ciovec_t part = {(const uint8_t *)text, strlen(text)};
  __wasi_size_t count = 0;
  return __wasi_fd_pwrite(fd, &part, 1, at, &count);
}

int main(void) {
  const int create = __WASI_OFLAGS_CREAT;
  SAY(open_with(ROOT, "f", 0, create, READ | WRITE, 0));
  __wasi_fd_t f = opened;
  SAY(write_text(f, "0123456789"));
  SAY(seek(f, 0, __WASI_WHENCE_CUR));
  SAY(seek(f, -4, __WASI_WHENCE_END));
  SAY(read_text(f));
  SAY(read_text(f));
  SAY(seek(f, -100, __WASI_WHENCE_CUR));
  SAY(seek(f, 100, __WASI_WHENCE_SET));
  SAY(read_text(f));
  SAY(pread_text(f, 3));
  SAY(pread_text(f, 8));
  SAY(pread_text(f, 1000));
  SAY(pwrite_text(f, "ab", 2));
  SAY(seek(f, 0, __WASI_WHENCE_SET));
  SAY(read_text(f));

  // Several buffers, some of them empty.
  char one[4] = {0}, two[8] = {0};
  __wasi_iovec_t parts[3] = {{(uint8_t *)one, 3}, {(uint8_t *)one, 0}, {(uint8_t *)two, 7}};
  __wasi_size_t count, sum = 0;
  SAY(seek(f, 0, __WASI_WHENCE_SET));
  do {
    // An engine may fill one buffer after another, or one alone.
    if (__wasi_fd_read(f, parts + (sum ? 2 : 0), sum ? 1 : 3, &count)) break;
    sum += count;
  } while (sum < 10 && count);
  SAY_NUMBER("read", sum);
  SAY(__wasi_fd_read(f, parts, 0, &count));

  // Sizes.
  SAY(__wasi_fd_filestat_set_size(f, 4));
  size("cut");
  SAY(__wasi_fd_filestat_set_size(f, 20));
  size("grown");
  SAY(__wasi_fd_advise(f, 0, 10, __WASI_ADVICE_WILLNEED));
  SAY(__wasi_fd_sync(f));
  SAY(__wasi_fd_datasync(f));

  // Times.
  const uint64_t second = 1000000000;
  SAY(__wasi_fd_filestat_set_times(f, 5 * second + 7, 6 * second + 9, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
  SAY_NUMBER("accessed", stat_of(ROOT, "f", 0).atim);
  SAY_NUMBER("modified", stat_of(ROOT, "f", 0).mtim);
  SAY(__wasi_path_filestat_set_times(ROOT, 0, P("f"), 0, 8 * second, __WASI_FSTFLAGS_MTIM));
  SAY_NUMBER("accessed", stat_of(ROOT, "f", 0).atim);
  SAY_NUMBER("modified", stat_of(ROOT, "f", 0).mtim);
  SAY(__wasi_fd_filestat_set_times(f, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW));
  SAY(__wasi_fd_filestat_set_times(f, 0, 0, __WASI_FSTFLAGS_MTIM_NOW));
  SAY_NUMBER("modified lately", stat_of(ROOT, "f", 0).mtim > 1700000000 * second);
  SAY(__wasi_path_symlink(P("f"), ROOT, P("l")));
  SAY(__wasi_path_filestat_set_times(ROOT, 0, P("l"), 0, 9 * second, __WASI_FSTFLAGS_MTIM));
  SAY_NUMBER("the link", stat_of(ROOT, "l", 0).mtim);
  SAY_NUMBER("not its file", stat_of(ROOT, "l", 1).mtim != 9 * second);
  SAY(__wasi_path_filestat_set_times(ROOT, 1, P("l"), 0, 10 * second, __WASI_FSTFLAGS_MTIM));
  SAY_NUMBER("its file", stat_of(ROOT, "f", 0).mtim);
  SAY_NUMBER("kind of link", stat_of(ROOT, "l", 0).filetype);
  SAY_NUMBER("kind of file", stat_of(ROOT, "l", 1).filetype);
  SAY_NUMBER("size of link", stat_of(ROOT, "l", 0).size);
  SAY(__wasi_path_unlink_file(ROOT, P("l")));
  SAY(__wasi_fd_close(f));

  // Appending.
  SAY(open_with(ROOT, "f", 0, create | __WASI_OFLAGS_TRUNC, READ | WRITE, __WASI_FDFLAGS_APPEND));
  f = opened;
  SAY(write_text(f, "one"));
  SAY(seek(f, 0, __WASI_WHENCE_SET));
  SAY(write_text(f, "two"));
  SAY(seek(f, 0, __WASI_WHENCE_CUR));
  __wasi_fdstat_t stat;
  SAY(__wasi_fd_fdstat_get(f, &stat));
  SAY_NUMBER("flags", stat.fs_flags);
  SAY_NUMBER("kind", stat.fs_filetype);
  SAY(__wasi_fd_fdstat_set_flags(f, 0));
  SAY(seek(f, 0, __WASI_WHENCE_SET));
  SAY(write_text(f, "2"));
  SAY(seek(f, 0, __WASI_WHENCE_SET));
  SAY(read_text(f));
  SAY(__wasi_fd_close(f));

  // Only for reading, only for writing.
  SAY(open_with(ROOT, "f", 0, 0, READ, 0));
  SAY(write_text(opened, "x"));
  SAY(read_text(opened));
  SAY(__wasi_fd_close(opened));
  SAY(open_with(ROOT, "f", 0, 0, WRITE, 0));
  SAY(read_text(opened));
  SAY(write_text(opened, "xyz"));
  SAY(__wasi_fd_close(opened));
  SAY(open_with(ROOT, "f", 0, __WASI_OFLAGS_TRUNC, READ | WRITE, 0));
  SAY(read_text(opened));
  SAY(__wasi_fd_close(opened));

  // Numbers of descriptors.
  SAY(make(ROOT, "g", "gamma"));
  SAY(open_with(ROOT, "f", 0, 0, READ, 0));
  __wasi_fd_t first = opened;
  SAY(open_with(ROOT, "g", 0, 0, READ, 0));
  __wasi_fd_t second_fd = opened;
  SAY_NUMBER("another number", first != second_fd);
  SAY(__wasi_fd_renumber(second_fd, first));
  SAY(read_text(first));
  SAY(__wasi_fd_close(second_fd));
  SAY(__wasi_fd_renumber(first, second_fd));
  SAY(__wasi_fd_renumber(99, first));
  SAY(__wasi_fd_close(first));
  SAY(__wasi_path_unlink_file(ROOT, P("f")));
  SAY(__wasi_path_unlink_file(ROOT, P("g")));

  // What is no file.
  SAY(__wasi_sock_shutdown(99, __WASI_SDFLAGS_RD));
  SAY(__wasi_fd_close(99));
  SAY(__wasi_fd_tell(99, &(__wasi_filesize_t){0}));
  SAY(read_text(99));
  return 0;
}
