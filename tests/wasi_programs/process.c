// Arguments, environment, clocks, randomness, waiting and the end.
#include "answers.h"
#include <stdlib.h>

extern char **environ;

static __wasi_subscription_t clock_after(uint64_t user, uint64_t nanos, int clock, int flags) {
  __wasi_subscription_t s = {.userdata = user, .u = {.tag = __WASI_EVENTTYPE_CLOCK}};
  s.u.u.clock.id = clock;
  s.u.u.clock.timeout = nanos;
  s.u.u.clock.flags = flags;
  return s;
}

static __wasi_subscription_t end_of(uint64_t user, int fd, int tag) {
  __wasi_subscription_t s = {.userdata = user, .u = {.tag = tag}};
  s.u.u.fd_read.file_descriptor = fd;
  return s;
}

static __wasi_errno_t poll(const __wasi_subscription_t *list, size_t count) {
  __wasi_event_t events[8];
  __wasi_size_t found = 0;
  __wasi_errno_t error = __wasi_poll_oneoff(list, events, count, &found);
  if (!error)
    for (size_t i = 0; i < found; i++)
      printf("  event %llu: kind %d, error %d\n", (unsigned long long)events[i].userdata, events[i].type,
             events[i].error);
  return error;
}

static __wasi_timestamp_t now(int clock) {
  __wasi_timestamp_t time = 0;
  (void)!__wasi_clock_time_get(clock, 1, &time);
  return time;
}

int main(int count, char **arguments) {
  // Line by line, as the program may be stopped at any.
  setvbuf(stdout, 0, _IONBF, 0);
  for (int i = 1; i < count; i++) printf("argument \"%s\"\n", arguments[i]);
  for (char **variable = environ; *variable; variable++) printf("variable \"%s\"\n", *variable);
  SAY_NUMBER("arguments", count);

  __wasi_timestamp_t time = 0;
  SAY(__wasi_clock_res_get(__WASI_CLOCKID_REALTIME, &time));
  SAY_NUMBER("fine", time > 0 && time <= 1000000000);
  SAY(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &time));
  SAY_NUMBER("fine", time > 0 && time <= 1000000000);
  SAY_NUMBER("after 2020", now(__WASI_CLOCKID_REALTIME) > 1577836800000000000ull);
  uint64_t before = now(__WASI_CLOCKID_MONOTONIC);

  // Waiting.
  __wasi_subscription_t list[4];
  list[0] = clock_after(1, 30000000, __WASI_CLOCKID_MONOTONIC, 0);
  SAY(poll(list, 1));
  SAY_NUMBER("waited", now(__WASI_CLOCKID_MONOTONIC) - before >= 30000000);
  list[0] = clock_after(2, now(__WASI_CLOCKID_MONOTONIC) + 20000000, __WASI_CLOCKID_MONOTONIC,
                        __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
  SAY(poll(list, 1));
  list[0] = clock_after(3, now(__WASI_CLOCKID_REALTIME) + 20000000, __WASI_CLOCKID_REALTIME,
                        __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
  SAY(poll(list, 1));
  list[0] = clock_after(4, 10ull << 32, __WASI_CLOCKID_MONOTONIC, 0);
  list[1] = clock_after(5, 20000000, __WASI_CLOCKID_MONOTONIC, 0);
  SAY(poll(list, 2));
  list[1] = end_of(6, 1, __WASI_EVENTTYPE_FD_WRITE);
  SAY(poll(list, 2));
  SAY(poll(list, 0));

  // Randomness.
  uint8_t one[32] = {0}, two[32] = {0};
  SAY(__wasi_random_get(one, sizeof one));
  SAY(__wasi_random_get(two, sizeof two));
  SAY(__wasi_random_get(two, 0));
  SAY_NUMBER("different", memcmp(one, two, sizeof one) != 0);

  // What was given.
  __wasi_prestat_t given;
  SAY(__wasi_fd_prestat_get(3, &given));
  SAY_NUMBER("length of its name", given.u.dir.pr_name_len);
  char name[16] = {0};
  SAY(__wasi_fd_prestat_dir_name(3, (uint8_t *)name, sizeof name));
  printf("name \"%s\"\n", name);
  SAY(__wasi_fd_prestat_dir_name(3, (uint8_t *)name, 0));
  SAY(__wasi_fd_prestat_get(4, &given));
  SAY(__wasi_fd_prestat_get(99, &given));
  __wasi_fdstat_t stat;
  SAY(__wasi_fd_fdstat_get(3, &stat));
  SAY_NUMBER("kind", stat.fs_filetype);
  SAY(__wasi_fd_fdstat_get(99, &stat));

  // Input, in two buffers of which the first is filled exactly.
  char first[6] = {0}, second[6] = {0};
  __wasi_iovec_t parts[2] = {{(uint8_t *)first, 5}, {(uint8_t *)second, 5}};
  __wasi_size_t got = 0;
  SAY(__wasi_fd_read(0, parts, 2, &got));
  printf("input \"%s%s\"\n", first, second);
  SAY(read_text(0));
  SAY(write_text(0, "x"));
  SAY(read_text(1));
  SAY(__wasi_sock_shutdown(1, __WASI_SDFLAGS_RD));
  SAY(__wasi_sched_yield());
  SAY(__wasi_fd_close(0));
  SAY(read_text(0));
  __wasi_proc_exit(42);
}
