// Linux calls that Swift's Glibc module leaves out. Wrapped rather than included where the
// declaration needs _GNU_SOURCE: defining that in a header clashes with the module's own types.
// Calls that take a pointer to one of several structures are wrapped as well: what is here takes
// and gives values, so that Swift casts no pointers. No header that the Glibc module has is included
// here: its types would then be this module's.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

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

// An IPv6 address as two words, most significant first, and a port, all in the machine's own byte
// order. IPv4 is ::ffff:a.b.c.d.
struct clinux_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
};

// Writes the sockaddr_in or sockaddr_in6 of `family` that means `address` into `native`, which has
// room for a sockaddr_storage. Answers its length, or 0 if the family cannot say it: an IPv6 address as AF_INET, another family.
uint32_t clinux_address_write(struct clinux_address address, int family, void *native);

// Reads a sockaddr of `length` bytes. 1, or 0 if it is neither AF_INET nor AF_INET6 in full.
int clinux_address_read(const void *native, uint32_t length, struct clinux_address *address);

// bind(2) and connect(2) of a socket of `family`. EAFNOSUPPORT where that cannot say the address.
int clinux_bind(int socket, int family, struct clinux_address address);
int clinux_connect(int socket, int family, struct clinux_address address);

// getsockname(2) of an AF_INET or AF_INET6 socket.
int clinux_local_address(int socket, struct clinux_address *address);

// accept4(2), non-blocking and closed on exec.
int clinux_accept(int listener, struct clinux_address *peer);

// How many bytes of a connection the peer's kernel has not acknowledged; 0 if that can't be told.
int clinux_unacknowledged_count(int socket);

// One datagram of a batch: where it lies in the batch's buffer, and whose it is.
struct clinux_datagram {
    struct clinux_address address;
    uint32_t offset;
    uint32_t count;
    // Received: it was longer than its slot, and the rest is lost.
    uint8_t is_truncated;
    // Received: the sender's address could be read.
    uint8_t is_addressed;
};

// Most datagrams that one call takes.
enum { CLINUX_DATAGRAMS_MAX = 64 };

// recvmmsg(2) without waiting: fills at most `count` slots of `slot` bytes each, one after the
// other in `buffer`, and describes them in `datagrams`. Answers how many, or -1 with errno.
int clinux_receive_datagrams(
    int socket, uint8_t *buffer, uint32_t slot, struct clinux_datagram *datagrams, int count);

// sendmmsg(2) without waiting, on a socket of `family`: sends `datagrams` in order, each read from
// its place in `buffer`. Answers how many were sent; -1 with errno if the first could not be.
int clinux_send_datagrams(
    int socket, int family, const uint8_t *buffer, const struct clinux_datagram *datagrams,
    int count);

// A socket for ICMP echo messages of `family`, non-blocking and closed on exec: it stamps what it
// receives, keeps what ICMP says of what was sent, and hears echo replies only. `is_raw`: one that
// takes CAP_NET_RAW; otherwise one that net.ipv4.ping_group_range allows. -1 with errno.
int clinux_echo_socket(int family, int is_raw);

// sendto(2) without waiting, on a socket of `family`. 0, or -1 with errno.
int clinux_send_datagram(
    int socket, int family, const uint8_t *bytes, uint32_t count, struct clinux_address receiver);

// As clinux_receive_datagrams, and when each arrived: nanoseconds of CLOCK_REALTIME, 0 where the
// kernel did not say.
int clinux_receive_stamped(
    int socket, uint8_t *buffer, uint32_t slot, struct clinux_datagram *datagrams,
    int64_t *stamps, int count);

// What became of a datagram that was sent before.
struct clinux_refusal {
    // Where it was sent to.
    struct clinux_address target;
    // Who says so, unless it is this machine.
    struct clinux_address reporter;
    // An errno.
    int32_t error;
    // How many bytes of the datagram are quoted.
    uint32_t count;
    uint8_t has_reporter;
    // Said by ICMP, in a message of this type and code.
    uint8_t is_icmp;
    uint8_t type;
    uint8_t code;
};

// Takes the next of these from a socket's error queue, and what is quoted of the datagram, at most
// `size` bytes. 1; 0 if none waits; -1 with errno.
int clinux_next_refusal(
    int socket, uint8_t *buffer, uint32_t size, struct clinux_refusal *refusal);

// Blocks `signals` for the thread and for those that it starts later. 0, or an errno.
int clinux_block_signals(const int *signals, int count);

// signalfd(2), non-blocking and closed on exec: a descriptor that the blocked `signals` can be read
// from. -1 with errno.
int clinux_signal_descriptor(const int *signals, int count);

// Takes the next signal from such a descriptor: its number, 0 if none waits, -1 with errno.
int clinux_next_signal(int descriptor);

// Lets no write to a connection that nobody reads end the process.
void clinux_ignore_broken_pipes(void);

// Makes the C library's heap small, where it has such settings: one arena for all threads, and large
// blocks and a free end of it given back to the system at once. To be called before a thread starts.
void clinux_keep_heap_small(void);

// Gives back whatever whole pages of the heap are free.
void clinux_trim_heap(void);

// What a child process is started with. Each list ends with NULL; everything is only read.
struct clinux_child {
    // Paths to try, in order: the first that is a program is run.
    char *const *candidates;
    char *const *arguments;
    char *const *environment;
    // Its working directory; NULL is this process's.
    const char *directory;
    // Becomes its standard output and its standard error.
    int output;
};

// Where a child failed to start.
enum clinux_child_step {
    CLINUX_CHILD_FORK,
    CLINUX_CHILD_SETUP,
    CLINUX_CHILD_DIRECTORY,
    CLINUX_CHILD_PROGRAM,
};

// Starts a child (vfork(2), execve(2)) that leads a process group of its own: no signal blocked,
// every signal as it is by default, standard input from /dev/null, no other descriptor, no core
// dump, at most 1,024 descriptors unless it asks for more, killed with the thread that calls this.
// The thread waits until the program is loaded. Answers the child's number and a pidfd of it, closed
// on exec; or -1 with errno, and the step that failed.
int clinux_start_child(const struct clinux_child *child, int *pidfd, enum clinux_child_step *step);

// How a child has ended: waitid(2) without waiting, which leaves no zombie. 1 with its exit status,
// or the signal that ended it and 0 in `has_exited`; 0 if it still runs; -1 with errno.
int clinux_reap_child(int child, int *has_exited, int *status);

// The variable at `index` of this process's environment, NULL after the last.
const char *clinux_environment_variable(int index);

// pipe2(2), both ends closed on exec; the first, which is read from, does not wait. 0, or -1 with
// errno.
int clinux_open_pipe(int ends[2]);

// A child of this process that has ended and that nobody has waited for yet, which is not changed by
// asking; 0 if there is none.
int clinux_ended_child(void);

// Raises how many descriptors the process may open to what it is allowed. Answers how many, or -1
// with errno.
int64_t clinux_raise_descriptor_limit(void);

#endif
