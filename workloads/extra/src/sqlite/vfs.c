/* What stands for the operating system: no files (databases are `:memory:`), a clock that stands still, and random
   numbers that are always the same. */
#include <string.h>

#include "sqlite3.h"

static int open_nothing(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs, (void)name, (void)flags, (void)out_flags;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}

static int delete_nothing(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs, (void)name, (void)sync;
    return SQLITE_OK;
}

static int nothing_exists(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs, (void)name, (void)flags;
    *result = 0;
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int same_bytes(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    memset(out, 0x5e, (size_t)size);
    return size;
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int epoch_in_days(sqlite3_vfs *vfs, double *now) {
    (void)vfs;
    *now = 2440587.5; /* the Julian day of 1970-01-01 */
    return SQLITE_OK;
}

static int epoch(sqlite3_vfs *vfs, sqlite3_int64 *now) {
    (void)vfs;
    *now = 210866760000000; /* the same in milliseconds */
    return SQLITE_OK;
}

static int no_error(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs, (void)size, (void)out;
    return 0;
}

/* Called by the library when it starts. */
int sqlite3_os_init(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(sqlite3_file),
        .mxPathname = 64,
        .zName = "none",
        .xOpen = open_nothing,
        .xDelete = delete_nothing,
        .xAccess = nothing_exists,
        .xFullPathname = full_path,
        .xRandomness = same_bytes,
        .xSleep = no_sleep,
        .xCurrentTime = epoch_in_days,
        .xGetLastError = no_error,
        .xCurrentTimeInt64 = epoch,
    };
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }
