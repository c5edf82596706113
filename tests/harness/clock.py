"""A clock that the tests set: what ends after a quarter of an hour at the least must not take one to be tested."""

import struct
import subprocess

# In front of libc's function, with what stands in a file added to the time of day. Timers run on as they do.
SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *ahead;

__attribute__((constructor)) static void open_file(void) {
    int file = open(getenv("CLOCK_AHEAD"), O_RDONLY | O_CLOEXEC);
    void *map = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    ahead = map == MAP_FAILED ? NULL : map;
    if (file >= 0) close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME && ahead) now->tv_sec += *ahead;
    return failed;
}
"""


class MovableClock:
    """The time of day of a cloud's processes. To be made before the cloud is started."""

    def __init__(self, cloud):
        self.file = cloud.directory / "clock-ahead"
        library, source = cloud.directory / "clock.so", cloud.directory / "clock.c"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        self.file.write_bytes(bytes(8))
        for path in (self.file, library):
            path.chmod(0o755)
        cloud.variables |= {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self.file)}

    def set_ahead(self, seconds):
        """Sets it so many seconds before the host's."""
        with open(self.file, "r+b") as file:
            file.write(struct.pack("l", seconds))
