// SPDX-License-Identifier: Apache-2.0
// A wall clock that jumps a day ahead or back at every fortieth look (LD_PRELOAD); the monotonic clock is the machine's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long jump(void) {
  static volatile long calls;
  return (__sync_add_and_fetch(&calls, 1) / 40) % 2 ? 86400 : -86400;
}

int clock_gettime(clockid_t id, struct timespec* at) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, at);
  if (id == CLOCK_REALTIME) at->tv_sec += jump();
  return result;
}

int gettimeofday(struct timeval* at, void* zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
