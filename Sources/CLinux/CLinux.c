#define _GNU_SOURCE
#include "CLinux.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/sockios.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

// Room for either family, an eighth of sockaddr_storage: a batch has one of these per datagram.
union short_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static int is_ipv4(struct clinux_address address) {
    return address.high == 0 && address.low >> 32 == 0xffff;
}

static socklen_t write_short(
    struct clinux_address address, int family, union short_address *native) {
    memset(native, 0, sizeof *native);
    if (family == AF_INET && is_ipv4(address)) {
        native->ipv4.sin_family = AF_INET;
        native->ipv4.sin_port = htons(address.port);
        native->ipv4.sin_addr.s_addr = htonl((uint32_t)address.low);
        return sizeof native->ipv4;
    }
    if (family == AF_INET6) {
        uint64_t words[2] = {htobe64(address.high), htobe64(address.low)};
        native->ipv6.sin6_family = AF_INET6;
        native->ipv6.sin6_port = htons(address.port);
        memcpy(&native->ipv6.sin6_addr, words, sizeof words);
        return sizeof native->ipv6;
    }
    return 0;
}

uint32_t clinux_address_write(struct clinux_address address, int family, void *native) {
    union short_address written;
    socklen_t length = write_short(address, family, &written);
    memset(native, 0, sizeof(struct sockaddr_storage));
    memcpy(native, &written, length);
    return length;
}

int clinux_address_read(const void *native, uint32_t length, struct clinux_address *address) {
    const struct sockaddr *any = native;
    if (length >= sizeof(struct sockaddr_in) && any->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, native, sizeof ipv4);
        address->high = 0;
        address->low = (uint64_t)0xffff << 32 | ntohl(ipv4.sin_addr.s_addr);
        address->port = ntohs(ipv4.sin_port);
        return 1;
    }
    if (length >= sizeof(struct sockaddr_in6) && any->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        uint64_t words[2];
        memcpy(&ipv6, native, sizeof ipv6);
        memcpy(words, &ipv6.sin6_addr, sizeof words);
        address->high = be64toh(words[0]);
        address->low = be64toh(words[1]);
        address->port = ntohs(ipv6.sin6_port);
        return 1;
    }
    return 0;
}

int clinux_bind(int socket, int family, struct clinux_address address) {
    union short_address native;
    socklen_t length = write_short(address, family, &native);
    if (length == 0) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return bind(socket, &native.any, length);
}

int clinux_connect(int socket, int family, struct clinux_address address) {
    union short_address native;
    socklen_t length = write_short(address, family, &native);
    if (length == 0) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return connect(socket, &native.any, length);
}

int clinux_local_address(int socket, struct clinux_address *address) {
    union short_address native;
    socklen_t length = sizeof native;
    if (getsockname(socket, &native.any, &length) < 0) return -1;
    if (clinux_address_read(&native, length, address)) return 0;
    errno = EAFNOSUPPORT;
    return -1;
}

int clinux_accept(int listener, struct clinux_address *peer) {
    union short_address native;
    socklen_t length = sizeof native;
    memset(peer, 0, sizeof *peer);
    int accepted = accept4(listener, &native.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) clinux_address_read(&native, length, peer);
    return accepted;
}

int clinux_unacknowledged_count(int socket) {
    int count = 0;
    return ioctl(socket, SIOCOUTQ, &count) < 0 ? 0 : count;
}

// What recvmmsg fills, with what it points to: slots of a buffer and where each came from.
struct arrivals {
    struct mmsghdr messages[CLINUX_DATAGRAMS_MAX];
    struct iovec parts[CLINUX_DATAGRAMS_MAX];
    union short_address senders[CLINUX_DATAGRAMS_MAX];
};

static int prepare(struct arrivals *arrivals, uint8_t *buffer, uint32_t slot, int count) {
    if (count < 1 || count > CLINUX_DATAGRAMS_MAX) {
        errno = EINVAL;
        return -1;
    }
    memset(arrivals->messages, 0, sizeof *arrivals->messages * (size_t)count);
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &arrivals->messages[i].msg_hdr;
        arrivals->parts[i].iov_base = buffer + (size_t)i * slot;
        arrivals->parts[i].iov_len = slot;
        header->msg_iov = &arrivals->parts[i];
        header->msg_iovlen = 1;
        header->msg_name = &arrivals->senders[i];
        header->msg_namelen = sizeof arrivals->senders[i];
    }
    return 0;
}

static int receive(
    int socket, struct arrivals *arrivals, uint32_t slot, struct clinux_datagram *datagrams,
    int count) {
    int filled = recvmmsg(socket, arrivals->messages, (unsigned)count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < filled; i++) {
        const struct msghdr *header = &arrivals->messages[i].msg_hdr;
        struct clinux_datagram *datagram = &datagrams[i];
        datagram->offset = (uint32_t)i * slot;
        datagram->count = arrivals->messages[i].msg_len;
        datagram->is_truncated = (header->msg_flags & MSG_TRUNC) != 0;
        datagram->is_addressed = (uint8_t)clinux_address_read(
            &arrivals->senders[i], header->msg_namelen, &datagram->address);
    }
    return filled;
}

int clinux_receive_datagrams(
    int socket, uint8_t *buffer, uint32_t slot, struct clinux_datagram *datagrams, int count) {
    struct arrivals arrivals;
    if (prepare(&arrivals, buffer, slot, count) < 0) return -1;
    return receive(socket, &arrivals, slot, datagrams, count);
}

int clinux_send_datagrams(
    int socket, int family, const uint8_t *buffer, const struct clinux_datagram *datagrams,
    int count) {
    struct mmsghdr messages[CLINUX_DATAGRAMS_MAX];
    struct iovec parts[CLINUX_DATAGRAMS_MAX];
    union short_address receivers[CLINUX_DATAGRAMS_MAX];
    int ready = 0;
    if (count < 1 || count > CLINUX_DATAGRAMS_MAX) {
        errno = EINVAL;
        return -1;
    }
    memset(messages, 0, sizeof *messages * (size_t)count);
    for (; ready < count; ready++) {
        const struct clinux_datagram *datagram = &datagrams[ready];
        socklen_t length = write_short(datagram->address, family, &receivers[ready]);
        if (length == 0) break;
        // sendmmsg only reads what the pointer leads to; iovec has one type for both ways.
        parts[ready].iov_base = (void *)(buffer + datagram->offset);
        parts[ready].iov_len = datagram->count;
        messages[ready].msg_hdr.msg_iov = &parts[ready];
        messages[ready].msg_hdr.msg_iovlen = 1;
        messages[ready].msg_hdr.msg_name = &receivers[ready];
        messages[ready].msg_hdr.msg_namelen = length;
    }
    if (ready == 0) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return sendmmsg(socket, messages, (unsigned)ready, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int set_flag(int socket, int level, int option) {
    int one = 1;
    return setsockopt(socket, level, option, &one, sizeof one);
}

int clinux_echo_socket(int family, int is_raw) {
    int is_ipv4 = family == AF_INET;
    int type = (is_raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int made = socket(family, type, is_ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    if (made < 0) return -1;
    int failed = set_flag(made, SOL_SOCKET, SO_TIMESTAMPNS) < 0;
    if (is_ipv4) {
        failed |= set_flag(made, IPPROTO_IP, IP_RECVERR) < 0;
    } else {
        failed |= set_flag(made, IPPROTO_IPV6, IPV6_RECVERR) < 0;
    }
    // A raw socket would hear all ICMP that the machine does, its own requests on loopback too.
    if (is_raw && is_ipv4) {
        struct icmp_filter filter = {.data = ~(1U << ICMP_ECHOREPLY)};
        failed |= setsockopt(made, SOL_RAW, ICMP_FILTER, &filter, sizeof filter) < 0;
    }
    if (is_raw && !is_ipv4) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        failed |= setsockopt(made, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) < 0;
    }
    if (!failed) return made;
    int code = errno;
    close(made);
    errno = code;
    return -1;
}

int clinux_send_datagram(
    int socket, int family, const uint8_t *bytes, uint32_t count, struct clinux_address receiver) {
    union short_address native;
    socklen_t length = write_short(receiver, family, &native);
    if (length == 0) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    ssize_t sent = sendto(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, &native.any, length);
    return sent < 0 ? -1 : 0;
}

int clinux_receive_stamped(
    int socket, uint8_t *buffer, uint32_t slot, struct clinux_datagram *datagrams,
    int64_t *stamps, int count) {
    struct arrivals arrivals;
    // What SO_TIMESTAMPNS takes, aligned as a header of control data must be.
    _Alignas(struct cmsghdr) char controls[CLINUX_DATAGRAMS_MAX][CMSG_SPACE(sizeof(struct timespec))];
    if (prepare(&arrivals, buffer, slot, count) < 0) return -1;
    for (int i = 0; i < count; i++) {
        arrivals.messages[i].msg_hdr.msg_control = controls[i];
        arrivals.messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    int filled = receive(socket, &arrivals, slot, datagrams, count);
    for (int i = 0; i < filled; i++) {
        struct msghdr *header = &arrivals.messages[i].msg_hdr;
        stamps[i] = 0;
        struct cmsghdr *control = CMSG_FIRSTHDR(header);
        for (; control != NULL; control = CMSG_NXTHDR(header, control)) {
            if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
            struct timespec time;
            memcpy(&time, CMSG_DATA(control), sizeof time);
            stamps[i] = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        }
    }
    return filled;
}

int clinux_next_refusal(
    int socket, uint8_t *buffer, uint32_t size, struct clinux_refusal *refusal) {
    union short_address target;
    // An error, who reports it, and the time stamp that the socket asks for.
    _Alignas(struct cmsghdr) char controls[512];
    struct iovec part = {.iov_base = buffer, .iov_len = size};
    struct msghdr message = {
        .msg_name = &target,
        .msg_namelen = sizeof target,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = controls,
        .msg_controllen = sizeof controls,
    };
    memset(refusal, 0, sizeof *refusal);
    ssize_t count = recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN ? 0 : -1;
    refusal->count = (uint32_t)count;
    clinux_address_read(&target, message.msg_namelen, &refusal->target);
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    for (; control != NULL; control = CMSG_NXTHDR(&message, control)) {
        int is_error = (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) ||
            (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR);
        struct sock_extended_err error;
        if (!is_error || control->cmsg_len < CMSG_LEN(sizeof error)) continue;
        memcpy(&error, CMSG_DATA(control), sizeof error);
        refusal->error = (int32_t)error.ee_errno;
        refusal->is_icmp =
            error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
        refusal->type = error.ee_type;
        refusal->code = error.ee_code;
        // The reporter's address comes after the error; the kernel says its family, or none.
        refusal->has_reporter = (uint8_t)clinux_address_read(
            CMSG_DATA(control) + sizeof error,
            (uint32_t)(control->cmsg_len - CMSG_LEN(sizeof error)), &refusal->reporter);
    }
    return 1;
}

static sigset_t set_of(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return set;
}

int clinux_block_signals(const int *signals, int count) {
    sigset_t set = set_of(signals, count);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int clinux_signal_descriptor(const int *signals, int count) {
    sigset_t set = set_of(signals, count);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    if (count == (ssize_t)sizeof info) return (int)info.ssi_signo;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return -1;
    return 0;
}

void clinux_ignore_broken_pipes(void) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, NULL);
}

void clinux_keep_heap_small(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
#endif
}

void clinux_trim_heap(void) {
#ifdef __GLIBC__
    malloc_trim(64 * 1024);
#endif
}

int64_t clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    }
    return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

enum { CHILD_DESCRIPTORS = 1024, LAST_SIGNAL = 64 };

// What the child tells its parent, whose memory it shares until it runs the program.
struct child_failure {
    volatile int code;
    volatile enum clinux_child_step step;
};

static void close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
    // An older kernel. What this process opens is closed on exec; this is for the rest.
    for (int number = first; number < 4096; number++) close(number);
}

// In the child, which shares the parent's memory and so calls nothing that takes a lock or a heap.
static void become(const struct clinux_child *child, struct child_failure *failure) {
    failure->step = CLINUX_CHILD_SETUP;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The kernel's own structure, all of it zero: SIG_DFL. The C library refuses those two signals
    // that it keeps for itself, and that may have been ignored when this process began.
    const uint64_t usual[8] = {0};
    for (int number = 1; number <= LAST_SIGNAL; number++)
        syscall(SYS_rt_sigaction, number, usual, NULL, LAST_SIGNAL / 8);
    struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core);
    // The output may itself have one of the three numbers, where the parent has closed its own.
    int output = child->output;
    if (output < 3) output = fcntl(output, F_DUPFD, 3);
    int input = open("/dev/null", O_RDONLY);
    if (output < 0 || input < 0) goto failed;
    if (dup2(output, 1) < 0 || dup2(output, 2) < 0) goto failed;
    if (input != 0 && dup2(input, 0) < 0) goto failed;
    close_from(3);
    // Not before: while the parent's are open here, too, a number may be beyond the child's limit.
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > CHILD_DESCRIPTORS) {
        files.rlim_cur = CHILD_DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (child->directory != NULL && chdir(child->directory) < 0) {
        failure->step = CLINUX_CHILD_DIRECTORY;
        goto failed;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // As execvp(3) has it, but that no shell is asked: what may not be run says more than what is
    // not there.
    failure->step = CLINUX_CHILD_PROGRAM;
    int denied = 0;
    errno = ENOENT;
    for (char *const *candidate = child->candidates; *candidate != NULL; candidate++) {
        execve(*candidate, child->arguments, child->environment);
        if (errno == EACCES) denied = 1;
        if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) goto failed;
    }
    if (denied) errno = EACCES;
failed:
    failure->code = errno == 0 ? EIO : errno;
    _exit(127);
}

int clinux_start_child(const struct clinux_child *child, int *pidfd, enum clinux_child_step *step) {
    struct child_failure failure = {0, CLINUX_CHILD_FORK};
    // A handler of the parent's must not run in the child, on memory that both have.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t number = vfork();
    if (number == 0) become(child, &failure);
    int code = number < 0 ? errno : failure.code;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number > 0 && code == 0) {
        failure.step = CLINUX_CHILD_SETUP;
        // The number is the child's until somebody waits for it.
        *pidfd = (int)syscall(SYS_pidfd_open, number, 0U);
        if (*pidfd >= 0) return number;
        code = errno;
        kill(-number, SIGKILL);
    }
    if (number > 0) waitpid(number, NULL, 0);
    *step = failure.step;
    errno = code;
    return -1;
}

int clinux_reap_child(int child, int *has_exited, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) < 0) return -1;
    if (info.si_pid == 0) return 0;
    *has_exited = info.si_code == CLD_EXITED;
    *status = info.si_status;
    return 1;
}

int clinux_ended_child(void) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return 0;
    return info.si_pid;
}

int clinux_open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
    int code = errno;
    close(ends[0]);
    close(ends[1]);
    errno = code;
    return -1;
}

const char *clinux_environment_variable(int index) { return environ == NULL ? NULL : environ[index]; }
