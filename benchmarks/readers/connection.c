// A connection: dialled, greeted, read, cut.

#include "readers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DIALS_PER_ADDRESS = 20000 };  // fewer than there are ephemeral ports

static char input[READ_SIZE];

void hang_up(Reader *reader) {
    if (run.obey) {
        run.away++;
        // Cut off without a goodbye: back within a second, as a client's first back-off has it.
        if (!reader->due) reader->due = now_ns() + (uint64_t)(rand() % 1000) * 1000000u;
    }
    close(reader->fd);
    run.open -= reader->open;
    run.live -= reader->live;
    reader->fd = -1;
    reader->open = reader->live = reader->ended = reader->opaque = false;
    reader->chunk_left = 0;
    drop(&reader->raw, reader->raw.size);
    drop(&reader->body, reader->body.size);
}

void come_alive(Reader *reader) {
    reader->live = true;
    run.live++;
}

static size_t head(Reader *reader, const char *data, size_t size) {
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    char text[4096];
    int length = (int)(end - data) < (int)sizeof text - 1 ? (int)(end - data) : (int)sizeof text - 1;
    snprintf(text, sizeof text, "%.*s", length, data);
    const char *wanted = reader->ws ? "HTTP/1.1 101" : "HTTP/1.1 200";
    if (strncmp(text, wanted, 12)) {
        count.refused++;
        if (!run.obey) {
            fprintf(stderr, "readers: expected %s, got: %s\n", wanted, text);
            exit(1);
        }
        reader->ended = true;
        return size;
    }
    reader->chunked = !reader->ws && strcasestr(text, "transfer-encoding: chunked");
    reader->opaque = !reader->ws && strcasestr(text, "content-encoding:");
    reader->open = true;
    run.open++;
    if (!run.greeted) come_alive(reader);
    return (size_t)(end + 4 - data);
}

static size_t consume(Reader *reader, const char *data, size_t size) {
    size_t used = 0;
    if (!reader->open) {
        used = head(reader, data, size);
        if (!reader->open || used == size) return used;
    }
    return used + (reader->ws ? frames : stream)(reader, data + used, size - used);
}

void readable(Reader *reader) {
    ssize_t got = recv(reader->fd, input, sizeof input, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    run.now = now_ns();
    if (got > 0) {
        count.bytes += (uint64_t)got;
        if (reader->raw.size) {
            append(&reader->raw, input, (size_t)got);
            drop(&reader->raw, consume(reader, reader->raw.data, reader->raw.size));
        } else {
            size_t used = consume(reader, input, (size_t)got);
            if (used < (size_t)got) append(&reader->raw, input + used, (size_t)got - used);
        }
    }
    if (got <= 0 || reader->ended) {
        count.closed++;
        hang_up(reader);
    }
}

static void greet(Reader *reader) {
    char request[2048], after[80] = "";
    const char *path = reader->ws ? run.ws_path : run.sse_path;
    if (*reader->position) snprintf(after, sizeof after, "%cafter=%s", strchr(path, '?') ? '&' : '?', reader->position);
    const char *more = reader->ws ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                  : "Accept: text/event-stream\r\n";
    const char *compression = !run.compress ? ""
                              : reader->ws ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                                           : "Accept-Encoding: gzip, deflate, br, zstd\r\n";
    int size = snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s\r\n", path, after,
                        run.port, more, compression);
    if (send(reader->fd, request, (size_t)size, MSG_NOSIGNAL) != size && !run.obey) die("send");
}

// From one address after the other: their ports would run out, and those just closed rest for a minute.
static void bind_somewhere(int fd) {
    static uint32_t dials;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000101 + dials++ / DIALS_PER_ADDRESS % 200);
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from)) die("bind");
}

void dial(Reader *reader) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    reader->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (reader->fd < 0) die("socket");
    bind_somewhere(reader->fd);
    if (run.receive_buffer) {  // and small segments: by their size the kernel sets how much of a sender's it buffers
        int segment = 536;
        setsockopt(reader->fd, SOL_SOCKET, SO_RCVBUF, &run.receive_buffer, sizeof(int));
        setsockopt(reader->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    // A blocking connect: it is a matter of microseconds here, as long as the backlog of the server has room.
    if (connect(reader->fd, (struct sockaddr *)&to, sizeof to)) {
        if (!run.obey) die("connect");
        close(reader->fd);
        reader->fd = -1;
        reader->due = now_ns() + 300000000u;
        return;
    }
    reader->due = 0;
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = reader};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, reader->fd, &wish)) die("epoll_ctl");
    greet(reader);
}
