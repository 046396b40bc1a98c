#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>

int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int count, int timeout) {
    struct epoll_event native[256];
    if (count < 1 || count > 256) {
        errno = EINVAL;
        return -1;
    }
    int filled = epoll_wait(epoll, native, count, timeout);
    for (int i = 0; i < filled; i++) {
        events[i].number = native[i].data.u64;
        events[i].events = native[i].events;
    }
    return filled;
}
