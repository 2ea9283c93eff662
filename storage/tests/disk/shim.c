/* Preloaded into a child of the tests: makes its disk hang or fail as a broken one does. The file $EYRIE_SHIM/hang-sync makes
 * fdatasync wait until it is gone, $EYRIE_SHIM/hang-write does so with writev, $EYRIE_SHIM/fail-sync makes fdatasync answer EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static int there(const char *name) {
    char path[4096];
    const char *directory = getenv("EYRIE_SHIM");
    if (!directory) return 0;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    while (there("hang-sync")) usleep(1000);
    if (there("fail-sync")) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    while (there("hang-write")) usleep(1000);
    return real(fd, parts, count);
}
