// Linux calls that Swift's Glibc module leaves out. Wrapped rather than included where the
// declaration needs _GNU_SOURCE: defining that in a header clashes with the module's own types.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// One epoll event without its union: which number was registered, and what is ready.
struct clinux_event {
    uint64_t number;
    uint32_t events;
};

// epoll_ctl(2) with `number` as the event's data. `operation` is EPOLL_CTL_ADD, _MOD or _DEL.
int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t number);

// epoll_wait(2): fills at most `count` (at most 256) events; waits `timeout` milliseconds, -1 for
// ever. Answers how many were filled, or -1 with errno.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout);

#endif
