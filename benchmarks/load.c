// The readers of a benchmark: many SSE and WebSocket connections in one epoll loop.
//
//   load -p PORT [-s SSE_READERS -S SSE_PATH] [-w WS_READERS -W WS_PATH] [-e MOST_EVENTS] [-c CORE]
//
// It connects to 127.0.0.1, prints {"ready":...} and obeys lines on stdin; each answer is one line of JSON:
//   begin          forget what was counted so far
//   count          {"deliveries":...} up to now
//   id SEQ ID      headline ID is event SEQ; without these a removal cannot stand for a delivery
//   end N          the report, judged by the events 0..N-1
// and leaves at the end of stdin.
//
// A delivery is one message whose text begins with "n=<event> t=<CLOCK_MONOTONIC ns at which it was sent> ".
// Snapshots, heartbeats and removals are counted apart.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING_AT_ONCE = 100, READ_SIZE = 1 << 18 };

typedef struct {
    char *data;
    size_t size, room;
} Bytes;

typedef struct {
    int fd;
    bool ws, open, chunked, ended;
    size_t chunk_left;  // of an HTTP chunk, with the two bytes of CRLF behind it
    Bytes raw;          // read, but not yet a whole head, chunk size or frame
    Bytes body;         // of an event stream: not yet a whole event
    Bytes removed;      // uint64_t hashes of the ids that a removal has named
    uint8_t *seen;      // a bit for each event
} Reader;

static struct {
    int port, epoll, readers, opened, closed, core;
    int sse, ws;
    const char *sse_path, *ws_path;
    uint32_t most_events;
} run = {.core = -1, .most_events = 20000, .sse_path = "/", .ws_path = "/"};

static struct {
    uint64_t deliveries, bytes, payload, snapshots, heartbeats, removals, repeated, strange;
    uint32_t *latency;  // µs, of every delivery
    size_t room;
    uint32_t *first, *last;  // µs, of the first and last reader of each event
    uint32_t *readers;       // of each event
} count;

static Reader *readers;
static uint64_t *event_id;  // hash of each event's headline id
static char input[READ_SIZE];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void append(Bytes *bytes, const void *data, size_t size) {
    if (bytes->size + size > bytes->room) {
        bytes->room = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->room);
        if (!bytes->data) die("realloc");
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void drop(Bytes *bytes, size_t size) {
    bytes->size -= size;
    if (bytes->size) memmove(bytes->data, bytes->data + size, bytes->size);
}

static uint64_t hash(const char *text, size_t size) {  // FNV-1a
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) h = (h ^ (uint8_t)text[i]) * 1099511628211u;
    return h;
}

// --- messages --------------------------------------------------------------------------------------------------

static void delivered(Reader *reader, uint32_t event, uint64_t sent) {
    uint64_t now = now_ns();
    uint32_t us = now > sent ? (uint32_t)((now - sent + 500) / 1000) : 0;
    if (count.deliveries == count.room) {
        count.room = count.room ? 2 * count.room : 1 << 16;
        count.latency = realloc(count.latency, count.room * sizeof *count.latency);
        if (!count.latency) die("realloc");
    }
    count.latency[count.deliveries++] = us;
    uint8_t *byte = &reader->seen[event / 8], bit = (uint8_t)(1 << event % 8);
    if (*byte & bit) {
        count.repeated++;
        return;
    }
    *byte |= bit;
    if (!count.readers[event]++ || us < count.first[event]) count.first[event] = us;
    if (us > count.last[event]) count.last[event] = us;
}

static bool is_type(const char *json, size_t size, const char *type) {
    size_t length = strlen(type);
    return size > length + 9 && !memcmp(json, "{\"type\":\"", 9) && !memcmp(json + 9, type, length) && json[9 + length] == '"';
}

static void removed(Reader *reader, const char *json, size_t size) {
    const char *id = memmem(json, size, "\"id\":\"", 6);
    if (!id) return;
    id += 6;
    const char *end = memchr(id, '"', size - (size_t)(id - json));
    uint64_t named = end ? hash(id, (size_t)(end - id)) : 0;
    append(&reader->removed, &named, sizeof named);
    count.removals++;
}

static void message(Reader *reader, const char *json, size_t size) {
    if (is_type(json, size, "snapshot")) {
        count.snapshots++;
        return;
    }
    if (is_type(json, size, "heartbeat")) {
        count.heartbeats++;
        return;
    }
    const char *text = memmem(json, size, "\"n=", 3);
    if (text) {
        char *end;
        unsigned long event = strtoul(text + 3, &end, 10);
        if (event < run.most_events && !strncmp(end, " t=", 3)) {
            count.payload += size;
            delivered(reader, (uint32_t)event, strtoull(end + 3, NULL, 10));
            return;
        }
    }
    if (is_type(json, size, "expired") || is_type(json, size, "retracted") || is_type(json, size, "held"))
        removed(reader, json, size);
    else
        count.strange++;
}

// --- event streams ---------------------------------------------------------------------------------------------

static void event(Reader *reader, const char *from, const char *to) {
    for (const char *line = from; line < to;) {
        const char *end = memchr(line, '\n', (size_t)(to - line));
        size_t size = (size_t)((end ? end : to) - line);
        if (size > 6 && !memcmp(line, "data: ", 6)) {
            message(reader, line + 6, size - 6);
            return;
        }
        line += size + 1;
    }
}

static void events(Reader *reader) {
    char *from = reader->body.data, *to = from + reader->body.size, *start = from, *line = from;
    for (char *end; line < to && (end = memchr(line, '\n', (size_t)(to - line))); line = end + 1) {
        if (end > line && !(end == line + 1 && *line == '\r')) continue;
        event(reader, start, line);
        start = end + 1;
    }
    drop(&reader->body, (size_t)(start - from));
}

static size_t chunks(Reader *reader, const char *data, size_t size) {
    size_t at = 0;
    while (at < size) {
        if (!reader->chunk_left) {
            const char *line = memchr(data + at, '\n', size - at);
            if (!line) break;
            reader->chunk_left = strtoul(data + at, NULL, 16);
            if (!reader->chunk_left) reader->ended = true;
            reader->chunk_left += 2;
            at = (size_t)(line - data) + 1;
            continue;
        }
        size_t left = reader->chunk_left, take = left < size - at ? left : size - at;
        size_t crlf = left - take < 2 ? 2 - (left - take) : 0;
        if (take > crlf) append(&reader->body, data + at, take - crlf);
        reader->chunk_left -= take;
        at += take;
    }
    return at;
}

// --- WebSocket -------------------------------------------------------------------------------------------------

static void send_frame(Reader *reader, uint8_t opcode, const char *data, uint8_t size) {
    uint8_t frame[6 + 125] = {(uint8_t)(0x80 | opcode), (uint8_t)(0x80 | size), 1, 2, 3, 4};
    for (uint8_t i = 0; i < size; i++) frame[6 + i] = (uint8_t)data[i] ^ frame[2 + i % 4];
    (void)!send(reader->fd, frame, 6u + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static size_t frames(Reader *reader, const char *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        const uint8_t *head = (const uint8_t *)data + at;
        size_t length = head[1] & 0x7f, header = length == 127 ? 10 : length == 126 ? 4 : 2;
        if (size - at < header) break;
        if (header > 2) {
            length = 0;
            for (size_t i = 2; i < header; i++) length = length << 8 | head[i];
        }
        if (size - at - header < length) break;
        const char *payload = data + at + header;
        if (head[0] == 0x81) message(reader, payload, length);
        else if (head[0] == 0x89) send_frame(reader, 0xA, payload, (uint8_t)length);
        else if (head[0] == 0x88) reader->ended = true;
        else count.strange++;
        at += header + length;
    }
    return at;
}

// --- connections -----------------------------------------------------------------------------------------------

static void hang_up(Reader *reader) {
    close(reader->fd);
    reader->fd = -1;
    run.closed++;
}

static bool head(Reader *reader) {
    char *end = memmem(reader->raw.data, reader->raw.size, "\r\n\r\n", 4);
    if (!end) return false;
    *end = 0;
    const char *wanted = reader->ws ? "HTTP/1.1 101" : "HTTP/1.1 200";
    if (strncmp(reader->raw.data, wanted, 12)) {
        fprintf(stderr, "load: expected %s, got: %s\n", wanted, reader->raw.data);
        exit(1);
    }
    reader->chunked = !reader->ws && strcasestr(reader->raw.data, "transfer-encoding: chunked");
    reader->open = true;
    run.opened++;
    drop(&reader->raw, (size_t)(end + 4 - reader->raw.data));
    return true;
}

static void digest(Reader *reader) {
    if (!reader->open && !head(reader)) return;
    size_t used = reader->raw.size;
    if (reader->ws) {
        used = frames(reader, reader->raw.data, reader->raw.size);
    } else {
        if (reader->chunked) used = chunks(reader, reader->raw.data, reader->raw.size);
        else append(&reader->body, reader->raw.data, reader->raw.size);
        events(reader);
    }
    drop(&reader->raw, used);
}

static void readable(Reader *reader) {
    ssize_t got = recv(reader->fd, input, sizeof input, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        hang_up(reader);
        return;
    }
    count.bytes += (uint64_t)got;
    append(&reader->raw, input, (size_t)got);
    digest(reader);
    if (reader->ended) hang_up(reader);
}

static void greet(Reader *reader) {
    char request[1024];
    const char *more = reader->ws ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                  : "Accept: text/event-stream\r\n";
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n",
                        reader->ws ? run.ws_path : run.sse_path, run.port, more);
    if (send(reader->fd, request, (size_t)size, MSG_NOSIGNAL) != size) die("send");
}

static void dial(Reader *reader) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    reader->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (reader->fd < 0) die("socket");
    // A blocking connect: it is a matter of microseconds here, and keeps the backlog of the server from overflowing.
    if (connect(reader->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = reader};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, reader->fd, &wish)) die("epoll_ctl");
    greet(reader);
}

// --- the report ------------------------------------------------------------------------------------------------

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void percentiles(const char *name, uint32_t *values, size_t n) {
    qsort(values, n, sizeof *values, by_size);
    uint32_t p50 = n ? values[n / 2] : 0, p99 = n ? values[n - 1 - n / 100] : 0, max = n ? values[n - 1] : 0;
    printf("\"%s\":{\"p50\":%u,\"p99\":%u,\"max\":%u},", name, p50, p99, max);
}

static void begin(void) {
    uint32_t *latency = count.latency, *first = count.first, *last = count.last, *seen = count.readers;
    size_t room = count.room, size = run.most_events * sizeof(uint32_t);
    memset(&count, 0, sizeof count);
    count.latency = latency, count.room = room;
    count.first = memset(first, 0, size), count.last = memset(last, 0, size), count.readers = memset(seen, 0, size);
    for (int i = 0; i < run.readers; i++) {
        memset(readers[i].seen, 0, run.most_events / 8 + 1);
        readers[i].removed.size = 0;
    }
    memset(event_id, 0, run.most_events * sizeof *event_id);
}

typedef struct {
    uint64_t id;
    uint32_t event;
} Known;

static int by_id(const void *a, const void *b) {
    uint64_t x = ((const Known *)a)->id, y = ((const Known *)b)->id;
    return (x > y) - (x < y);
}

// A reader that was caught up by the net change is told only that a headline has gone again. That is no loss.
static uint64_t settle_removed(uint32_t events) {
    Known *known = calloc(events + 1, sizeof *known);
    size_t n = 0;
    uint64_t settled = 0;
    for (uint32_t i = 0; i < events; i++)
        if (event_id[i]) known[n++] = (Known){event_id[i], i};
    qsort(known, n, sizeof *known, by_id);
    for (int i = 0; i < run.readers; i++) {
        uint64_t *ids = (uint64_t *)(void *)readers[i].removed.data;
        for (size_t j = 0; j < readers[i].removed.size / sizeof *ids; j++) {
            Known *found = bsearch(&(Known){ids[j], 0}, known, n, sizeof *known, by_id);
            if (!found) continue;
            uint8_t *byte = &readers[i].seen[found->event / 8], bit = (uint8_t)(1 << found->event % 8);
            if (*byte & bit) continue;
            *byte |= bit;
            count.readers[found->event]++;
            settled++;
        }
    }
    free(known);
    return settled;
}

static void end(uint32_t events) {
    uint32_t *last = calloc(events + 1, sizeof *last), *first = calloc(events + 1, sizeof *first);
    size_t n = 0;
    for (uint32_t i = 0; i < events; i++)
        if (count.readers[i]) first[n] = count.first[i], last[n++] = count.last[i];
    uint64_t net = settle_removed(events);
    printf("{\"connections\":%d,\"closed\":%d,\"deliveries\":%lu,\"bytes\":%lu,\"payload\":%lu,", run.opened, run.closed,
           count.deliveries, count.bytes, count.payload);
    printf("\"snapshots\":%lu,\"heartbeats\":%lu,\"removals\":%lu,\"strange\":%lu,", count.snapshots, count.heartbeats,
           count.removals, count.strange);
    percentiles("latency_us", count.latency, count.deliveries);
    percentiles("first_us", first, n);
    percentiles("last_us", last, n);
    printf("\"repeated\":%lu,\"net\":%lu,\"missing\":[", count.repeated, net);
    const char *comma = "";
    for (uint32_t i = 0; i < events; i++) {
        if (count.readers[i] >= (uint32_t)run.readers) continue;
        printf("%s[%u,%u]", comma, i, (uint32_t)run.readers - count.readers[i]);
        comma = ",";
    }
    printf("]}\n");
    free(first), free(last);
}

// --- orders ----------------------------------------------------------------------------------------------------

static void obey(const char *order) {
    unsigned long event;
    char id[65];
    if (!strcmp(order, "begin")) begin(), printf("{}\n");
    else if (!strcmp(order, "count")) printf("{\"deliveries\":%lu,\"heartbeats\":%lu}\n", count.deliveries, count.heartbeats);
    else if (sscanf(order, "id %lu %64s", &event, id) == 2 && event < run.most_events) event_id[event] = hash(id, strlen(id));
    else if (sscanf(order, "end %lu", &event) == 1) end(event < run.most_events ? (uint32_t)event : run.most_events);
    else fprintf(stderr, "load: unknown order: %s\n", order);
    fflush(stdout);
}

static void orders(void) {
    static Bytes text;
    ssize_t got = read(STDIN_FILENO, input, sizeof input);
    if (got <= 0) {
        for (int i = 0; i < run.readers; i++)
            if (readers[i].ws && readers[i].fd >= 0) send_frame(&readers[i], 0x8, "\x03\xe8", 2);
        exit(0);
    }
    append(&text, input, (size_t)got);
    char *start = text.data, *line;
    while ((line = memchr(start, '\n', text.size - (size_t)(start - text.data)))) {
        *line = 0;
        obey(start);
        start = line + 1;
    }
    drop(&text, (size_t)(start - text.data));
}

static void options(int argc, char **argv) {
    for (int letter; (letter = getopt(argc, argv, "p:s:S:w:W:e:c:")) != -1;) switch (letter) {
            case 'p': run.port = atoi(optarg); break;
            case 's': run.sse = atoi(optarg); break;
            case 'S': run.sse_path = optarg; break;
            case 'w': run.ws = atoi(optarg); break;
            case 'W': run.ws_path = optarg; break;
            case 'e': run.most_events = (uint32_t)atoi(optarg); break;
            case 'c': run.core = atoi(optarg); break;
            default: exit(2);
        }
    run.readers = run.sse + run.ws;
    if (!run.port || !run.readers) {
        fprintf(stderr, "usage: load -p PORT [-s READERS -S PATH] [-w READERS -W PATH] [-e EVENTS] [-c CORE]\n");
        exit(2);
    }
}

static void prepare(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (run.core >= 0) {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        CPU_SET((size_t)run.core, &cores);
        sched_setaffinity(0, sizeof cores, &cores);
    }
    count.first = calloc(run.most_events, sizeof(uint32_t));
    count.last = calloc(run.most_events, sizeof(uint32_t));
    count.readers = calloc(run.most_events, sizeof(uint32_t));
    event_id = calloc(run.most_events, sizeof *event_id);
    readers = calloc((size_t)run.readers, sizeof *readers);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &wish)) die("epoll_ctl");
}

static void turn(void) {
    struct epoll_event ready[512];
    int n = epoll_wait(run.epoll, ready, 512, -1);
    for (int i = 0; i < n; i++) {
        Reader *reader = ready[i].data.ptr;
        if (!reader) orders();
        else if (reader->fd >= 0) readable(reader);
    }
}

int main(int argc, char **argv) {
    options(argc, argv);
    prepare();
    uint64_t start = now_ns();
    for (int i = 0; i < run.readers; i++) {
        readers[i].ws = i % 2 ? run.ws > i / 2 : run.sse <= i / 2;  // both kinds in turn, as far as they go
        readers[i].seen = calloc(1, run.most_events / 8 + 1);
        dial(&readers[i]);
        while (i - run.opened >= CONNECTING_AT_ONCE) turn();
    }
    while (run.opened < run.readers) turn();
    printf("{\"ready\":%d,\"connect_ms\":%.1f}\n", run.readers, (double)(now_ns() - start) / 1e6);
    fflush(stdout);
    for (;;) turn();
}
