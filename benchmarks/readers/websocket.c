// WebSocket frames, from a server that does not fragment (RFC 6455 section 5).

#include "readers.h"

#include <sys/socket.h>

void send_frame(Reader *reader, uint8_t opcode, const char *data, uint8_t size) {
    uint8_t frame[6 + 125] = {(uint8_t)(0x80 | opcode), (uint8_t)(0x80 | size), 1, 2, 3, 4};
    for (uint8_t i = 0; i < size; i++) frame[6 + i] = (uint8_t)data[i] ^ frame[2 + i % 4];
    (void)!send(reader->fd, frame, 6u + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

size_t frames(Reader *reader, const char *data, size_t size) {
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
        else if (head[0] == 0xC1 && !reader->live) come_alive(reader);  // compressed: counted in bytes only
        else if (head[0] == 0x89) send_frame(reader, 0xA, payload, (uint8_t)length);
        else if (head[0] == 0x88) reader->ended = true;
        else if (head[0] != 0xC1) count.strange++;
        at += header + length;
    }
    return at;
}
