// A message: which kind it is, and of which event. Nearly every byte is passed over by memchr.

#include "readers.h"

#include <stdlib.h>
#include <string.h>

// The text of a delivery begins with `n=<event> t=<ns>`: an equals sign is rare in JSON, so that is what is looked for.
static const char *stamp(const char *json, size_t size) {
    const char *end = json + size;
    for (const char *at = json; (at = memchr(at, '=', (size_t)(end - at))); at++)
        if (at - json >= 2 && at[-1] == 'n' && at[-2] == '"') return at + 1;
    return NULL;
}

static const char *value(const char *json, size_t size, const char *key, size_t *length) {
    const char *start = memmem(json, size, key, strlen(key));
    if (!start) return NULL;
    start += strlen(key);
    const char *end = memchr(start, '"', size - (size_t)(start - json));
    if (!end) return NULL;
    *length = (size_t)(end - start);
    return start;
}

static void go_after_goodbye(Reader *reader, const char *json, size_t size) {
    const char *retry = memmem(json, size, "\"retry_ms\":", 11);
    count.goodbyes++;
    reader->due = run.now + (retry ? strtoull(retry + 11, NULL, 10) : 0) * 1000000u;
}

static bool delivery(Reader *reader, const char *json, size_t size) {
    const char *number = stamp(json, size);
    if (!number) return false;
    char *end;
    unsigned long event = strtoul(number, &end, 10);
    if (event >= run.most_events || end[0] != ' ' || end[1] != 't' || end[2] != '=') return false;
    count.payload += size;
    delivered(reader, (uint32_t)event, strtoull(end + 3, NULL, 10));
    return true;
}

void message(Reader *reader, const char *json, size_t size) {
    size_t length = 0;
    const char *found;
    if (!reader->live) come_alive(reader);
    if (run.obey && (found = value(json, size, "\"position\":\"", &length)) && length < sizeof reader->position) {
        memcpy(reader->position, found, length);
        reader->position[length] = 0;
    }
    // Told apart by the letter at which the types of this project differ; other subjects send only deliveries.
    char kind = size > 12 && !memcmp(json, "{\"type\":\"", 9) ? json[9] : 0;
    if (kind == 's') {
        count.snapshots++;
    } else if (kind == 'h' && json[10] == 'e' && json[11] == 'a') {
        count.heartbeats++;
    } else if (kind == 'g') {
        go_after_goodbye(reader, json, size);
    } else if (!delivery(reader, json, size)) {
        bool removal = kind == 'h' || (kind == 'e') || (kind == 'r' && json[11] == 't');  // held expired retracted
        if (removal && (found = value(json, size, "\"id\":\"", &length))) removed(reader, found, length);
        else count.strange++;
    }
}
