// Bytes that wait for more of their kind.

#include "readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void die(const char *what) {
    perror(what);
    exit(1);
}

uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void append(Bytes *bytes, const void *data, size_t size) {
    if (bytes->size + size > bytes->room) {
        bytes->room = bytes->size + size + bytes->size / 2;
        bytes->data = realloc(bytes->data, bytes->room);
        if (!bytes->data) die("realloc");
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void drop(Bytes *bytes, size_t size) {
    bytes->size -= size;
    if (bytes->size) {
        memmove(bytes->data, bytes->data + size, bytes->size);
    } else {  // snapshots are large, and fifteen thousand of them larger
        free(bytes->data);
        *bytes = (Bytes){0};
    }
}
