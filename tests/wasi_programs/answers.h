// Prints what each function of WASI answers, one line each, so that two engines can be compared.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

// A path.
#define P(path) (path)

#define SAY(call) printf("%s: %d\n", #call, (int)(call))
#define SAY_NUMBER(what, number) printf("%s = %lld\n", what, (long long)(number))

// The folder that the program was given.
#define ROOT 3

static __wasi_rights_t all_rights(void) { return ~(__wasi_rights_t)0 >> 34; }

// Rights that every file may have.
static const __wasi_rights_t READ = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL |
                                    __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_ADVISE |
                                    __WASI_RIGHTS_POLL_FD_READWRITE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS;
static const __wasi_rights_t WRITE = __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL |
                                     __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE |
                                     __WASI_RIGHTS_FD_FILESTAT_SET_TIMES | __WASI_RIGHTS_FD_ALLOCATE |
                                     __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC |
                                     __WASI_RIGHTS_POLL_FD_READWRITE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS;

static __wasi_fd_t opened;

static __wasi_errno_t open_with(__wasi_fd_t fd, const char *path, int follow, int flags, __wasi_rights_t rights,
                                int fd_flags) {
  __wasi_fd_t found = -1;
  __wasi_errno_t error = __wasi_path_open(fd, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, P(path), flags, rights,
                                          rights, fd_flags, &found);
  if (!error) opened = found;
  return error;
}

// Makes a file with these contents.
static __wasi_errno_t make(__wasi_fd_t fd, const char *path, const char *contents) {
  __wasi_errno_t error = open_with(fd, path, 0, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, WRITE, 0);
  if (error) return error;
  __wasi_ciovec_t part = {(const uint8_t *)contents, strlen(contents)};
  __wasi_size_t written;
  error = __wasi_fd_write(opened, &part, 1, &written);
  (void)!__wasi_fd_close(opened);
  return error;
}

static __wasi_errno_t read_text(__wasi_fd_t fd) {
  char text[64] = {0};
  __wasi_iovec_t part = {(uint8_t *)text, sizeof text - 1};
  __wasi_size_t count = 0;
  __wasi_errno_t error = __wasi_fd_read(fd, &part, 1, &count);
  if (!error) printf("  read %u: \"%s\"\n", (unsigned)count, text);
  return error;
}

static __wasi_errno_t write_text(__wasi_fd_t fd, const char *text) {
  __wasi_ciovec_t part = {(const uint8_t *)text, strlen(text)};
  __wasi_size_t count = 0;
  __wasi_errno_t error = __wasi_fd_write(fd, &part, 1, &count);
  if (!error) printf("  wrote %u\n", (unsigned)count);
  return error;
}

static __wasi_filestat_t stat_of(__wasi_fd_t fd, const char *path, int follow) {
  __wasi_filestat_t stat = {0};
  __wasi_errno_t error =
      __wasi_path_filestat_get(fd, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, P(path), &stat);
  if (error) printf("  no stat of %s: %d\n", path, error);
  return stat;
}
