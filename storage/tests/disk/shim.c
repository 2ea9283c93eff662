/* Preloaded into a process under test: makes its disk hang or fail as a broken one does, for files below $DISK_SHIM_BELOW (all,
 * where that is unset). A file in $DISK_SHIM switches a fault on for as long as it is there:
 *   hang-sync   fdatasync waits until the file is gone
 *   slow-sync   each fdatasync takes 3 s longer
 *   fail-sync   fdatasync answers EIO
 *   hang-write  writev waits until the file is gone
 *   fail-write  writev answers EIO */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int there(const char *name) {
    char path[4096];
    const char *directory = getenv("DISK_SHIM");
    if (!directory) return 0;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

static int concerned(int fd) {
    char link[64], path[4096];
    const char *below = getenv("DISK_SHIM_BELOW");
    if (!below) return 1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    size_t wanted = strlen(below);
    return length >= 0 && (size_t)length >= wanted && strncmp(path, below, wanted) == 0;
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    if (concerned(fd)) {
        while (there("hang-sync")) usleep(1000);
        if (there("slow-sync")) usleep(3000000);
        if (there("fail-sync")) {
            errno = EIO;
            return -1;
        }
    }
    return real(fd);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    if (concerned(fd)) {
        while (there("hang-write")) usleep(1000);
        if (there("fail-write")) {
            errno = EIO;
            return -1;
        }
    }
    return real(fd, parts, count);
}
