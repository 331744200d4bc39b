// The floor: what the kernel alone costs. Whoever sends a GET becomes a reader; the body of a POST is written to
// every reader with one send() each, as one server-sent event that was encoded once.
//
//   floor PORT

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 65536, REQUEST = 1 << 16 };

static int readers[MOST], reading;
static char *requests[MOST];  // of each descriptor: what has come of its request so far
static size_t have[MOST];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void fan_out(const char *body, size_t size) {
    static char event[REQUEST + 16];
    int length = snprintf(event, sizeof event, "data: %.*s\n\n", (int)size, body);
    for (int i = 0; i < reading; i++) (void)!send(readers[i], event, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer(int fd, const char *text) {
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void leave(int fd) {
    for (int i = 0; i < reading; i++)
        if (readers[i] == fd) readers[i--] = readers[--reading];
    have[fd] = 0;
    close(fd);
}

static void serve(int fd) {
    char *request = requests[fd] ? requests[fd] : (requests[fd] = malloc(REQUEST + 1));
    ssize_t got = recv(fd, request + have[fd], REQUEST - have[fd], 0);
    if (got <= 0) {
        leave(fd);
        return;
    }
    have[fd] += (size_t)got;
    request[have[fd]] = 0;
    char *body = strstr(request, "\r\n\r\n");
    if (!body) return;
    body += 4;
    if (request[0] == 'P') {
        const char *length = strcasestr(request, "content-length:");
        size_t size = length ? strtoul(length + 15, NULL, 10) : 0;
        if (have[fd] - (size_t)(body - request) < size) return;
        fan_out(body, size);
        answer(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    } else if (reading < MOST) {
        answer(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        readers[reading++] = fd;
    }
    have[fd] = 0;
}

static int listen_on(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 2048)) die("listen");
    return fd;
}

static void take(int epoll, int listener) {
    int fd = accept(listener, NULL, NULL), on = 1;
    if (fd < 0) return;
    if (fd >= MOST) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: floor PORT\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(atoi(argv[1])), epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event ready[256];
        int n = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd == listener) take(epoll, listener);
            else serve(ready[i].data.fd);
        }
    }
}
