/* Preloaded into a process under test: while $CLOCK_SHIM/an-hour-later is there, its wall clock is an hour ahead. The monotonic
 * clock stays as it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, now);
    const char *directory = getenv("CLOCK_SHIM");
    if (clock == CLOCK_REALTIME && answer == 0 && directory) {
        char path[4096];
        snprintf(path, sizeof path, "%s/an-hour-later", directory);
        if (access(path, F_OK) == 0) now->tv_sec += 3600;
    }
    return answer;
}
