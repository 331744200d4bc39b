// Server-sent events, whole or in HTTP chunks. Nothing is copied but what a read has cut in two.

#include "readers.h"

#include <stdlib.h>
#include <string.h>

static size_t events(Reader *reader, const char *from, size_t size) {
    const char *to = from + size, *start = from, *line = from, *data = NULL;
    size_t data_size = 0;
    for (const char *end; line < to && (end = memchr(line, '\n', (size_t)(to - line))); line = end + 1) {
        size_t length = (size_t)(end - line);
        if (length && line[length - 1] == '\r') length--;
        if (length > 6 && !memcmp(line, "data: ", 6)) {
            data = line + 6;
            data_size = length - 6;
        } else if (!length) {
            if (data) message(reader, data, data_size);
            data = NULL;
            start = end + 1;
        }
    }
    return (size_t)(start - from);
}

static void text(Reader *reader, const char *data, size_t size) {
    if (reader->opaque) {  // compressed: its bytes are counted, and nobody looks into them
        if (!reader->live) come_alive(reader);
    } else if (reader->body.size) {
        append(&reader->body, data, size);
        drop(&reader->body, events(reader, reader->body.data, reader->body.size));
    } else {
        size_t used = events(reader, data, size);
        if (used < size) append(&reader->body, data + used, size - used);
    }
}

size_t stream(Reader *reader, const char *data, size_t size) {
    size_t at = 0;
    if (!reader->chunked) {
        text(reader, data, size);
        return size;
    }
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
        if (take > crlf) text(reader, data + at, take - crlf);
        reader->chunk_left -= take;
        at += take;
    }
    return at;
}
