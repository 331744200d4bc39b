// What is counted, and the report of it.

#include "readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Count count;

static uint64_t *event_id;  // hash of each event's headline id

static uint64_t hash(const char *text, size_t size) {  // FNV-1a
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) h = (h ^ (uint8_t)text[i]) * 1099511628211u;
    return h;
}

static bool mark(Reader *reader, uint32_t event) {
    uint8_t *byte = &reader->seen[event / 8], bit = (uint8_t)(1 << event % 8);
    if (*byte & bit) return false;
    *byte |= bit;
    return true;
}

void delivered(Reader *reader, uint32_t event, uint64_t sent) {
    uint32_t us = run.now > sent ? (uint32_t)((run.now - sent + 500) / 1000) : 0;
    if (count.deliveries == count.room) {
        count.room = count.room ? 2 * count.room : 1 << 16;
        count.latency = realloc(count.latency, count.room * sizeof *count.latency);
        if (!count.latency) die("realloc");
    }
    count.latency[count.deliveries++] = us;
    if (!mark(reader, event)) {
        count.repeated++;
        return;
    }
    if (!count.readers[event]++ || us < count.first[event]) count.first[event] = us;
    if (us > count.last[event]) count.last[event] = us;
}

void removed(Reader *reader, const char *id, size_t size) {
    uint64_t named = hash(id, size);
    append(&reader->removed, &named, sizeof named);
    count.removals++;
}

void arrived(void) {
    size_t at = (now_ns() - count.since) / 100000000u;
    if (at < MOST_ARRIVALS) count.arrivals[at]++;
}

void know(uint32_t event, const char *id) {
    event_id[event] = hash(id, strlen(id));
}

static void *zeros(size_t n, size_t size) {
    void *memory = calloc(n, size);
    if (!memory) die("calloc");
    return memory;
}

void prepare_counts(void) {
    size_t n = run.most_events, seen = n / 8 + 1;
    count.first = zeros(n, sizeof(uint32_t));
    count.last = zeros(n, sizeof(uint32_t));
    count.readers = zeros(n, sizeof(uint32_t));
    count.arrivals = zeros(MOST_ARRIVALS, sizeof(uint32_t));
    event_id = zeros(n, sizeof *event_id);
    uint8_t *all_seen = zeros((size_t)run.readers, seen);
    for (int i = 0; i < run.readers; i++) readers[i].seen = all_seen + (size_t)i * seen;
}

void begin(void) {
    struct Count kept = count;
    size_t n = run.most_events, size = n * sizeof(uint32_t);
    count = (struct Count){.latency = kept.latency, .room = kept.room, .since = now_ns()};
    count.first = memset(kept.first, 0, size);
    count.last = memset(kept.last, 0, size);
    count.readers = memset(kept.readers, 0, size);
    count.arrivals = memset(kept.arrivals, 0, MOST_ARRIVALS * sizeof(uint32_t));
    memset(readers[0].seen, 0, (n / 8 + 1) * (size_t)run.readers);
    memset(event_id, 0, n * sizeof *event_id);
    for (int i = 0; i < run.readers; i++) readers[i].removed.size = 0;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void print_spread(const char *name, uint32_t *values, size_t n) {
    qsort(values, n, sizeof *values, by_size);
    uint32_t p50 = n ? values[n / 2] : 0, p99 = n ? values[n - 1 - n / 100] : 0, max = n ? values[n - 1] : 0;
    printf("\"%s\":{\"p50\":%u,\"p99\":%u,\"max\":%u}", name, p50, p99, max);
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
    Known *known = zeros(events + 1, sizeof *known);
    size_t n = 0;
    uint64_t settled = 0;
    for (uint32_t i = 0; i < events; i++)
        if (event_id[i]) known[n++] = (Known){event_id[i], i};
    qsort(known, n, sizeof *known, by_id);
    for (int i = 0; i < run.readers; i++) {
        uint64_t *ids = (uint64_t *)(void *)readers[i].removed.data;
        for (size_t j = 0; j < readers[i].removed.size / sizeof *ids; j++) {
            Known *found = bsearch(&(Known){ids[j], 0}, known, n, sizeof *known, by_id);
            if (!found || !mark(&readers[i], found->event)) continue;
            count.readers[found->event]++;
            settled++;
        }
    }
    free(known);
    return settled;
}

void print_arrivals(void) {
    size_t end = MOST_ARRIVALS;
    while (end && !count.arrivals[end - 1]) end--;
    printf("{\"arrivals\":[");
    for (size_t i = 0; i < end; i++) printf("%s%u", i ? "," : "", count.arrivals[i]);
    printf("],\"goodbyes\":%lu,\"closed\":%lu,\"refused\":%lu,\"live\":%d}\n", count.goodbyes, count.closed,
           count.refused, run.live);
}

void print_report(uint32_t events) {
    uint32_t *last = zeros(events + 1, sizeof *last), *first = zeros(events + 1, sizeof *first);
    size_t n = 0;
    for (uint32_t i = 0; i < events; i++)
        if (count.readers[i]) first[n] = count.first[i], last[n++] = count.last[i];
    uint64_t net = settle_removed(events);
    printf("{\"connections\":%d,\"closed\":%lu,\"deliveries\":%lu,\"bytes\":%lu,\"payload\":%lu,", run.dialled,
           count.closed, count.deliveries, count.bytes, count.payload);
    printf("\"snapshots\":%lu,\"heartbeats\":%lu,\"removals\":%lu,\"strange\":%lu,", count.snapshots, count.heartbeats,
           count.removals, count.strange);
    print_spread("latency_us", count.latency, count.deliveries);
    printf(",");
    print_spread("first_us", first, n);
    printf(",");
    print_spread("last_us", last, n);
    printf(",\"repeated\":%lu,\"net\":%lu,\"missing\":[", count.repeated, net);
    const char *comma = "";
    for (uint32_t i = 0; i < events; i++) {
        if (count.readers[i] >= (uint32_t)run.dialled) continue;
        printf("%s[%u,%u]", comma, i, (uint32_t)run.dialled - count.readers[i]);
        comma = ",";
    }
    printf("]}\n");
    free(first), free(last);
}
