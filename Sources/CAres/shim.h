// c-ares: names to addresses without blocking.
#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
