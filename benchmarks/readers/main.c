// The readers of a benchmark: many SSE and WebSocket connections in one epoll loop, which only count and stamp.
//
//   readers -p PORT [-s SSE_READERS -S SSE_PATH] [-w WS_READERS -W WS_PATH]
//     -e MOST_EVENTS     numbers of events go up to here
//     -c CORE            to run on
//     -a AT_ONCE         most connections that are being made at a time
//     -b BYTES           the receive buffer of each
//     -g                 the server speaks first: a reader is live with its first message, not with the head
//     -z                 ask for compression, as a browser does; what comes compressed is counted in bytes only
//     -o                 obey goodbyes: come back after retry_ms, with the last position
//
// It connects to 127.0.0.1 and obeys lines on stdin; each answer is one line of JSON:
//   open N                     dial until there are N readers, all live
//   paths SSE_PATH WS_PATH     for those who dial from now on
//   again                      all hang up, all come back at once; the answer comes when all are live
//   begin                      forget what was counted so far
//   count                      deliveries, removals, heartbeats, bytes and live readers up to now
//   arrivals                   those who came back, in each 100 ms since `begin`
//   id SEQ ID                  headline ID is event SEQ; without these a removal cannot stand for a delivery. No answer
//   end N                      the report, judged by the events 0..N-1
// and leaves at the end of stdin.
//
// A delivery is one message whose text begins with "n=<event> t=<CLOCK_MONOTONIC ns at which it was sent> ".
// Snapshots, heartbeats and removals are counted apart.

#include "readers.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATIENCE_S = 180 };

struct Run run = {.core = -1, .most_events = 20000, .sse_path = "/", .ws_path = "/", .at_once = 100};
Reader *readers;

static void orders(void);

static void come_back(void) {
    uint64_t now = now_ns();
    for (int i = 0; run.away && i < run.dialled; i++) {
        if (readers[i].fd >= 0 || !readers[i].due || readers[i].due > now) continue;
        dial(&readers[i]);
        if (readers[i].fd < 0) continue;
        run.away--;
        arrived();
    }
}

static void turn(bool with_orders) {
    struct epoll_event ready[512];
    int n = epoll_wait(run.epoll, ready, 512, run.obey ? 5 : 1000);
    for (int i = 0; i < n; i++) {
        Reader *reader = ready[i].data.ptr;
        if (reader && reader->fd >= 0) readable(reader);
        else if (!reader && with_orders) orders();
    }
    if (run.obey) come_back();
}

static void until_live(int wanted, uint64_t start) {
    while (run.live < wanted) {
        turn(false);
        if (now_ns() - start < PATIENCE_S * 1000000000ull) continue;
        fprintf(stderr, "readers: only %d of %d are live after %d s\n", run.live, wanted, PATIENCE_S);
        exit(1);
    }
}

static void open_until(int wanted) {
    uint64_t start = now_ns();
    wanted = wanted < run.readers ? wanted : run.readers;
    while (run.dialled < wanted) {
        dial(&readers[run.dialled++]);
        if (run.dialled - run.live >= run.at_once) until_live(run.dialled - run.at_once + 1, start);
    }
    until_live(run.dialled, start);
    printf("{\"ms\":%.1f}\n", (double)(now_ns() - start) / 1e6);
}

static void again(void) {
    uint64_t start = now_ns();
    for (int i = 0; i < run.dialled; i++) {
        if (readers[i].fd < 0) continue;
        if (readers[i].ws) send_frame(&readers[i], 0x8, "\x03\xe8", 2);
        hang_up(&readers[i]);
    }
    uint32_t *ms = calloc((size_t)run.dialled + 1, sizeof *ms);
    for (int i = 0, live = 0; i < run.dialled || live < run.dialled;) {
        if (i < run.dialled) dial(&readers[i++]);
        if (i - run.live >= run.at_once || i == run.dialled) turn(false);
        while (live < run.live) ms[live++] = (uint32_t)((now_ns() - start) / 1000);
        if (now_ns() - start > PATIENCE_S * 1000000000ull) until_live(run.dialled, start);
    }
    printf("{");
    print_spread("back_us", ms, (size_t)run.dialled);
    printf("}\n");
    free(ms);
}

static void obey(const char *order) {
    unsigned long number;
    char id[65], sse[512], ws[512];
    if (!strcmp(order, "begin")) begin(), printf("{}\n");
    else if (!strcmp(order, "again")) again();
    else if (!strcmp(order, "arrivals")) print_arrivals();
    else if (!strcmp(order, "count"))
        printf("{\"deliveries\":%lu,\"removals\":%lu,\"heartbeats\":%lu,\"bytes\":%lu,\"live\":%d}\n", count.deliveries,
               count.removals, count.heartbeats, count.bytes, run.live);
    else if (sscanf(order, "open %lu", &number) == 1) open_until((int)number);
    else if (sscanf(order, "paths %511s %511s", sse, ws) == 2)
        run.sse_path = strdup(sse), run.ws_path = strdup(ws), printf("{}\n");
    else if (sscanf(order, "id %lu %64s", &number, id) == 2 && number < run.most_events) know((uint32_t)number, id);
    else if (sscanf(order, "end %lu", &number) == 1)
        print_report(number < run.most_events ? (uint32_t)number : run.most_events);
    else fprintf(stderr, "readers: unknown order: %s\n", order);
    fflush(stdout);
}

static void orders(void) {
    static Bytes text;
    char input[65536];
    ssize_t got = read(STDIN_FILENO, input, sizeof input);
    if (got <= 0) {
        for (int i = 0; i < run.dialled; i++)
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
    for (int letter; (letter = getopt(argc, argv, "p:s:S:w:W:e:c:a:b:gzo")) != -1;) switch (letter) {
            case 'p': run.port = atoi(optarg); break;
            case 's': run.sse = atoi(optarg); break;
            case 'S': run.sse_path = optarg; break;
            case 'w': run.ws = atoi(optarg); break;
            case 'W': run.ws_path = optarg; break;
            case 'e': run.most_events = (uint32_t)atoi(optarg); break;
            case 'c': run.core = atoi(optarg); break;
            case 'a': run.at_once = atoi(optarg); break;
            case 'b': run.receive_buffer = atoi(optarg); break;
            case 'g': run.greeted = true; break;
            case 'z': run.compress = true; break;
            case 'o': run.obey = true; break;
            default: exit(2);
        }
    run.readers = run.sse + run.ws;
    if (!run.port || !run.readers) {
        fprintf(stderr, "usage: readers -p PORT [-s READERS -S PATH] [-w READERS -W PATH] ...; see main.c\n");
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
    readers = calloc((size_t)run.readers, sizeof *readers);
    if (!readers) die("calloc");
    for (int i = 0; i < run.readers; i++) {
        readers[i].fd = -1;
        readers[i].ws = i % 2 ? run.ws > i / 2 : run.sse <= i / 2;  // both kinds in turn, as far as they go
    }
    prepare_counts();
    begin();
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &wish)) die("epoll_ctl");
}

int main(int argc, char **argv) {
    options(argc, argv);
    prepare();
    for (;;) turn(true);
}
