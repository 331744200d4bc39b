// The readers of a benchmark: what its files share. main.c says what the program does.

#pragma once
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *data;
    size_t size, room;
} Bytes;

typedef struct {
    int fd;  // -1: away
    bool ws, chunked, opaque, open, live, ended;
    size_t chunk_left;  // of an HTTP chunk, with the two bytes of CRLF behind it
    Bytes raw;          // read, but not yet a whole head, chunk size or frame
    Bytes body;         // of an event stream: not yet a whole event
    Bytes removed;      // uint64_t hashes of the ids that a removal has named
    uint8_t *seen;      // a bit for each event
    uint64_t due;       // ns at which it comes back; 0: it does not
    char position[64];  // of its last message, kept only by those who obey goodbyes
} Reader;

struct Run {
    int port, epoll, core, receive_buffer, at_once;
    int sse, ws, readers;           // that there may be
    int dialled, open, live, away;  // of them, now; `away` have been cut off and not come back
    bool greeted, compress, obey;   // -g, -z, -o
    char *sse_path, *ws_path;
    uint32_t most_events;
    uint64_t now;  // ns, of the last read
};

struct Count {
    uint64_t deliveries, bytes, payload, snapshots, heartbeats, removals, repeated, strange, closed, goodbyes, refused;
    uint32_t *latency;  // µs, of every delivery
    size_t room;
    uint32_t *first, *last;  // µs, of the first and last reader of each event
    uint32_t *readers;       // of each event
    uint32_t *arrivals;      // of those who came back, in each 100 ms
    uint64_t since;          // ns
};

enum { READ_SIZE = 1 << 18, MOST_ARRIVALS = 1200 };

extern struct Run run;
extern struct Count count;
extern Reader *readers;

// bytes.c
void die(const char *what);
uint64_t now_ns(void);
void append(Bytes *bytes, const void *data, size_t size);
void drop(Bytes *bytes, size_t size);

// message.c
void message(Reader *reader, const char *json, size_t size);

// stream.c and websocket.c: each takes what it can and says how much that was
size_t stream(Reader *reader, const char *data, size_t size);
size_t frames(Reader *reader, const char *data, size_t size);
void send_frame(Reader *reader, uint8_t opcode, const char *data, uint8_t size);

// connection.c
void dial(Reader *reader);
void hang_up(Reader *reader);
void readable(Reader *reader);
void come_alive(Reader *reader);

// count.c
void prepare_counts(void);
void begin(void);
void delivered(Reader *reader, uint32_t event, uint64_t sent);
void removed(Reader *reader, const char *id, size_t size);
void arrived(void);
void know(uint32_t event, const char *id);
void print_spread(const char *name, uint32_t *values, size_t n);
void print_arrivals(void);
void print_report(uint32_t events);
