/*
 * A small HTTP and WebSocket server that speaks enough KuCoin, and of OKX its private connection, for a client to run
 * against it unmodified.
 *
 * One thread, busy-polling while a connection is open and asleep otherwise, so that it is not the bottleneck of
 * what it serves. It listens on 127.0.0.1 only, prints "PORT <n>" and ends when its standard input closes.
 *
 *   POST /api/v1/bullet-public, /api/v1/bullet-private   a connect token
 *   GET  /api/v1/timestamp                               server time in milliseconds
 *   GET  /stream?token=..&connectId=..                   V1 stream: welcome, ack, pong
 *   GET  /v1/private?..                                  WS API: challenge, welcome, order replies, pong
 *   GET  /ws/v5/private                                  OKX: log-in, order replies, pong
 *
 * A subscribe to /market/ticker:FLOOD-<count> starts <count> ticker messages, sequences 1000000000001 onward, as fast
 * as the socket takes them. What may follow, in any order:
 *
 *   -P<n>   n messages a second, each made when it is due whether the socket takes it or not; its "stamp" tells when,
 *           in nanoseconds of CLOCK_MONOTONIC and always with 19 digits
 *   -B<n>   messages of at least n bytes, filled up with rows of a book; those of the smallest size have no prices
 *   -A      on every stream connection, each its share, by turns on the topics /market/ticker:S<4 digits> that were
 *           subscribed to there
 *
 * Options: --core N            pin to this core
 *          --delay-us N        hold every reply of the WS API back for N microseconds
 *          --tls FILE          speak TLS with a certificate made at start, written to FILE for the client to trust
 *          --frames-per-record N   flood frames in one TLS record (default 1)
 *          --max-seconds N     end after N seconds whatever happens (default 600)
 *
 * Not here: fragmented messages, compression, signature checks, errors, UTF-8 checks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

#define MAX_CONNECTIONS 64
#define READ_SIZE 65536
#define FLOOD_CHUNK 262144
#define MAX_FLOOD 10000000L
#define MAX_SYMBOLS 10000
#define MAX_PADDING 200000
#define STAMP_DIGITS 19
#define NO_STAMP "0000000000000000000"
#define MAX_FRAME 1048576
#define FIRST_SEQUENCE "1000000000001"

typedef struct {
    char *bytes;
    size_t start, end, capacity;
} Buffer;

typedef enum { HTTP, STREAM, PRIVATE, OKX } Kind;

typedef struct {
    int fd;
    Kind kind;
    int logged_in, finishing, shut, dead, wants_write;
    Buffer in, out;
    Buffer late; /* delayed frames: due time, length, bytes */
    long flood_left;
    char *flood_frame;
    size_t flood_size, flood_sequence_at, flood_topic_at;
    int64_t flood_interval_ns, flood_due_ns; /* 0: as fast as the socket takes them */
    size_t flood_stamp_at;
    uint16_t *symbols; /* the numbers behind the S of what was subscribed to */
    int symbol_count, next_symbol;
#ifdef WITH_TLS
    SSL *ssl;
    BIO *from_net, *to_net;
#endif
} Connection;

static int epoll_fd, port;
static long delay_us, frames_per_record = 1;
static const char *scheme_suffix = "";
static Connection *connections[MAX_CONNECTIONS];
static int connection_count;
#ifdef WITH_TLS
static SSL_CTX *tls;
#endif

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t clock_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t wall_ms(void) { return clock_us(CLOCK_REALTIME) / 1000; }

/* Buffers */

static char *reserve(Buffer *b, size_t room) {
    if (b->start == b->end) b->start = b->end = 0;
    if (b->capacity - b->end < room) {
        memmove(b->bytes, b->bytes + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
        if (b->capacity - b->end < room) {
            b->capacity = (b->end + room) * 2;
            b->bytes = realloc(b->bytes, b->capacity);
            if (!b->bytes) die("realloc");
        }
    }
    return b->bytes + b->end;
}

static void append(Buffer *b, const void *bytes, size_t size) {
    memcpy(reserve(b, size), bytes, size);
    b->end += size;
}

/* SHA-1 and base64, for Sec-WebSocket-Accept only */

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const unsigned char *p) {
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else f = b ^ c ^ d, k = 0xca62c1d6;
        uint32_t next = rotate(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static void accept_key(const char *key, size_t key_size, char out[29]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char text[128] = {0}, sum[21] = {0};
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    if (key_size > 64) key_size = 64; /* a correct key has 24 characters */
    memcpy(text, key, key_size);
    memcpy(text + key_size, guid, 36);
    size_t size = key_size + 36, blocks = (size + 9 + 63) / 64;
    text[size] = 0x80;
    text[blocks * 64 - 2] = (unsigned char)(size * 8 >> 8);
    text[blocks * 64 - 1] = (unsigned char)(size * 8);
    for (size_t i = 0; i < blocks; i++) sha1_block(h, text + 64 * i);
    for (int i = 0; i < 20; i++) sum[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
    for (int i = 0; i < 7; i++) {
        uint32_t v = (uint32_t)sum[3 * i] << 16 | sum[3 * i + 1] << 8 | sum[3 * i + 2];
        for (int j = 0; j < 4; j++) out[4 * i + j] = digits[v >> (18 - 6 * j) & 63];
    }
    out[27] = '=';
    out[28] = 0;
}

/* Sending */

static void send_bytes(Connection *c, const void *bytes, size_t size) {
#ifdef WITH_TLS
    if (c->ssl) {
        if (SSL_write(c->ssl, bytes, (int)size) <= 0) c->dead = 1;
        return; /* drained by flush() */
    }
#endif
    append(&c->out, bytes, size);
}

static size_t frame_header(unsigned char *header, int opcode, size_t size) {
    header[0] = (unsigned char)(0x80 | opcode);
    if (size < 126) {
        header[1] = (unsigned char)size;
        return 2;
    }
    if (size < 65536) {
        header[1] = 126;
        header[2] = (unsigned char)(size >> 8);
        header[3] = (unsigned char)size;
        return 4;
    }
    header[1] = 127;
    for (int i = 0; i < 8; i++) header[2 + i] = (unsigned char)((uint64_t)size >> (8 * (7 - i)));
    return 10;
}

static void send_frame(Connection *c, int opcode, const char *payload, size_t size) {
    char frame[4096];
    if (size > sizeof frame - 4) size = sizeof frame - 4;
    size_t head = frame_header((unsigned char *)frame, opcode, size);
    memcpy(frame + head, payload, size);
    if (delay_us && (c->kind == PRIVATE || c->kind == OKX) && c->logged_in) {
        int64_t due = clock_us(CLOCK_MONOTONIC) + delay_us;
        size_t total = head + size;
        append(&c->late, &due, sizeof due);
        append(&c->late, &total, sizeof total);
        append(&c->late, frame, total);
        return;
    }
    send_bytes(c, frame, head + size);
}

static void send_text(Connection *c, const char *text, int size) { send_frame(c, 1, text, (size_t)size); }

static void release_late(Connection *c) {
    while (c->late.start < c->late.end) {
        char *entry = c->late.bytes + c->late.start;
        int64_t due;
        size_t size;
        memcpy(&due, entry, sizeof due);
        if (due > clock_us(CLOCK_MONOTONIC)) return;
        memcpy(&size, entry + sizeof due, sizeof size);
        send_bytes(c, entry + sizeof due + sizeof size, size);
        c->late.start += sizeof due + sizeof size + size;
    }
}

static void write_digits(char *end, int count, int64_t number) {
    for (int i = 0; i < count; i++, number /= 10) *--end = (char)('0' + number % 10);
}

/* Make the frame that comes next out of the last one. */
static void next_frame(Connection *c) {
    char *digit = c->flood_frame + c->flood_sequence_at + sizeof FIRST_SEQUENCE - 2;
    c->flood_left--;
    while (*digit == '9') *digit-- = '0';
    ++*digit;
    if (c->flood_topic_at && c->symbol_count > 1) {
        if (++c->next_symbol == c->symbol_count) c->next_symbol = 0;
        write_digits(c->flood_frame + c->flood_topic_at + 4, 4, c->symbols[c->next_symbol]);
    }
}

static void fill_flood(Connection *c) {
    char record[16384];
    size_t filled = 0, sent = 0;
    long frames = 0;
    while (c->flood_left && sent + filled < FLOOD_CHUNK) {
        if (c->flood_size > sizeof record) {
            send_bytes(c, c->flood_frame, c->flood_size);
            sent += c->flood_size;
            next_frame(c);
            continue;
        }
        memcpy(record + filled, c->flood_frame, c->flood_size);
        filled += c->flood_size;
        frames++;
        next_frame(c);
        int full = filled + c->flood_size > sizeof record;
#ifdef WITH_TLS
        full |= c->ssl && frames >= frames_per_record;
#endif
        if (full) {
            send_bytes(c, record, filled);
            sent += filled;
            filled = 0;
            frames = 0;
        }
    }
    if (filled) send_bytes(c, record, filled);
}

static void want_write(Connection *c, int wanted) {
    if (c->wants_write == wanted) return;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    c->wants_write = wanted;
}

static void flush(Connection *c) {
    for (;;) {
#ifdef WITH_TLS
        if (c->ssl) {
            size_t waiting = BIO_ctrl_pending(c->to_net);
            if (waiting) {
                int got = BIO_read(c->to_net, reserve(&c->out, waiting), (int)waiting);
                if (got > 0) c->out.end += (size_t)got;
            }
        }
#endif
        while (c->out.start < c->out.end) {
            ssize_t n = send(c->fd, c->out.bytes + c->out.start, c->out.end - c->out.start, MSG_NOSIGNAL);
            if (n < 0) {
                if (errno == EAGAIN || errno == EINTR) want_write(c, 1);
                else c->dead = 1;
                return;
            }
            c->out.start += (size_t)n;
        }
        if (!c->flood_left || c->flood_interval_ns) break;
        fill_flood(c);
    }
    want_write(c, 0);
    if (c->finishing && !c->shut) {
        /* The client closes next; closing first with unread bytes would reset what it still has to read. */
        shutdown(c->fd, SHUT_WR);
        c->shut = 1;
    }
}

static void finish(Connection *c) {
    c->finishing = 1;
#ifdef WITH_TLS
    if (c->ssl) SSL_shutdown(c->ssl);
#endif
}

/* KuCoin's messages */

typedef struct {
    const char *text;
    int size;
} Text;

/* The first value of `key` at any depth, without its quotes; no escapes. Enough for what clients send here. */
static int field(const char *s, size_t size, const char *key, Text *value) {
    char quoted[32];
    int quoted_size = snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *end = s + size, *p = s;
    while ((p = memmem(p, (size_t)(end - p), quoted, (size_t)quoted_size))) {
        p += quoted_size;
        while (p < end && *p == ' ') p++;
        if (p == end || *p != ':') continue;
        p++;
        while (p < end && *p == ' ') p++;
        const char *stop;
        if (p < end && *p == '"') {
            stop = ++p;
            while (stop < end && *stop != '"') stop++;
        } else {
            stop = p;
            while (stop < end && !strchr(",} ]", *stop)) stop++;
        }
        value->text = p;
        value->size = (int)(stop - p);
        return value->size <= 256;
    }
    return 0;
}

static int is(Text value, const char *text) {
    return value.size == (int)strlen(text) && !memcmp(value.text, text, (size_t)value.size);
}

static void start_flood(Connection *c, const char *topic, int topic_size, long count, long bytes, long per_second) {
    static const char row[] = "[\"0.08012\",\"0.011\"],";
    static const char prices[] = ",\"price\":\"0.08\",\"size\":\"0.011\",\"bestAsk\":\"0.08\",\"bestAskSize\":\"0.18\","
                                 "\"bestBid\":\"0.049\",\"bestBidSize\":\"0.036\",\"time\":1704873323416";
    char *text = malloc((size_t)bytes + 1024), *end;
    c->flood_frame = realloc(c->flood_frame, (size_t)bytes + 1024);
    if (!text || !c->flood_frame) die("malloc");
    end = text + sprintf(text,
        "{\"type\":\"message\",\"topic\":\"%.*s\",\"subject\":\"trade.ticker\",\"data\":{\"sequence\":\"" FIRST_SEQUENCE "\"%s",
        topic_size, topic, bytes == 1 ? "" : prices);
    if (per_second) end += sprintf(end, ",\"stamp\":\"" NO_STAMP "\"");
    if (end - text + 40 < bytes) {
        end += sprintf(end, ",\"rows\":[");
        while (end - text + (long)sizeof row + 2 < bytes) end += sprintf(end, row);
        end[-1] = ']';
    }
    end += sprintf(end, "}}");
    size_t size = (size_t)(end - text), head = frame_header((unsigned char *)c->flood_frame, 1, size);
    memcpy(c->flood_frame + head, text, size);
    c->flood_size = head + size;
    c->flood_sequence_at = head + (size_t)(strstr(text, FIRST_SEQUENCE) - text);
    c->flood_stamp_at = per_second ? head + (size_t)(strstr(text, NO_STAMP) - text) : 0;
    c->flood_topic_at = topic_size == 20 && topic[15] == 'S' ? head + (size_t)(strstr(text, ":S") - text) + 2 : 0;
    c->flood_interval_ns = per_second ? 1000000000 / per_second : 0;
    c->flood_due_ns = monotonic_ns();
    c->flood_left = count;
    free(text);
}

static void send_due(Connection *c) {
    for (int64_t now; c->flood_left && !c->finishing && c->flood_due_ns <= (now = monotonic_ns()); ) {
        write_digits(c->flood_frame + c->flood_stamp_at + STAMP_DIGITS, STAMP_DIGITS, now);
        send_bytes(c, c->flood_frame, c->flood_size);
        next_frame(c);
        c->flood_due_ns += c->flood_interval_ns;
        flush(c);
    }
}

/* Each connection its share, by turns on its own topics. */
static void start_all_floods(long count, long bytes) {
    char topic[32];
    int streams = 0, nth = 0;
    for (int i = 0; i < connection_count; i++) streams += connections[i]->symbol_count > 0;
    for (int i = 0; i < connection_count; i++) {
        Connection *c = connections[i];
        if (!c->symbol_count || c->flood_left) continue;
        int size = sprintf(topic, "/market/ticker:S%04d", c->symbols[0]);
        long share = count / streams + (nth++ < count % streams);
        if (share) start_flood(c, topic, size, share, bytes, 0);
    }
    for (int i = 0; i < connection_count; i++) flush(connections[i]);
}

/* A topic of the streams: a flood, or symbols to remember for one. */
static void on_topic(Connection *c, const char *topic, int size) {
    static const char tickers[] = "/market/ticker:", flood[] = "FLOOD-";
    const char *end = topic + size, *p = topic + sizeof tickers - 1;
    if (p >= end || memcmp(topic, tickers, sizeof tickers - 1)) return;
    if (memcmp(p, flood, sizeof flood - 1)) {
        for (; p && p < end; p = memchr(p, ',', (size_t)(end - p)), p += p != NULL) {
            if (*p != 'S' || c->symbol_count == MAX_SYMBOLS) continue;
            if (!c->symbols && !(c->symbols = malloc(MAX_SYMBOLS * sizeof *c->symbols))) die("malloc");
            c->symbols[c->symbol_count++] = (uint16_t)atoi(p + 1);
        }
        return;
    }
    char *option;
    long count = strtol(p + sizeof flood - 1, &option, 10), bytes = 0, per_second = 0;
    int everywhere = 0;
    while (option < end && *option == '-') {
        char what = option[1];
        long value = strtol(option + 2, &option, 10);
        if (what == 'P') per_second = value;
        else if (what == 'B') bytes = value;
        else if (what == 'A') everywhere = 1;
        else return;
    }
    if (count < 1 || count > MAX_FLOOD || bytes < 0 || bytes > MAX_PADDING || per_second < 0 || per_second > 1000000) return;
    if (everywhere) start_all_floods(count, bytes);
    else if (!c->flood_left) start_flood(c, topic, size, count, bytes, per_second);
}

static void on_stream_text(Connection *c, const char *s, size_t size) {
    char reply[512];
    Text id = {"", 0}, type, topic = {"", 0};
    field(s, size, "id", &id);
    if (!field(s, size, "type", &type)) return;
    if (is(type, "ping")) {
        send_text(c, reply, snprintf(reply, sizeof reply, "{\"id\":\"%.*s\",\"type\":\"pong\",\"timestamp\":%lld}",
                                     id.size, id.text, (long long)clock_us(CLOCK_REALTIME)));
    } else if (is(type, "subscribe") || is(type, "unsubscribe")) {
        send_text(c, reply, snprintf(reply, sizeof reply, "{\"id\":\"%.*s\",\"type\":\"ack\"}", id.size, id.text));
        if (is(type, "unsubscribe")) c->flood_left = 0;
        else {
            field(s, size, "topic", &topic); /* of many symbols, so it may be longer than other values */
            on_topic(c, topic.text, topic.size);
        }
    }
}

static void on_private_text(Connection *c, const char *s, size_t size) {
    char reply[1024];
    Text id = {"", 0}, op, client_oid = {"", 0};
    long long now = wall_ms();
    if (!c->logged_in) { /* the answer to the challenge; it is not checked */
        send_text(c, reply, snprintf(reply, sizeof reply,
            "{\"sessionId\":\"bench\",\"data\":\"welcome\",\"pingInterval\":18000,\"pingTimeout\":10000}"));
        c->logged_in = 1;
        return;
    }
    field(s, size, "id", &id);
    if (!field(s, size, "op", &op)) return;
    if (is(op, "ping")) {
        send_text(c, reply, snprintf(reply, sizeof reply, "{\"id\":\"%.*s\",\"op\":\"pong\",\"timestamp\":%lld}",
                                     id.size, id.text, now));
        return;
    }
    field(s, size, "clientOid", &client_oid);
    send_text(c, reply, snprintf(reply, sizeof reply,
        "{\"id\":\"%.*s\",\"op\":\"%.*s\",\"code\":\"200000\",\"data\":{\"orderId\":\"670fd33bf9406e0007ab3945\","
        "\"clientOid\":\"%.*s\"},\"inTime\":%lld,\"outTime\":%lld,"
        "\"userRateLimit\":{\"limit\":4000,\"remaining\":3999,\"reset\":30000}}",
        id.size, id.text, op.size, op.text, client_oid.size, client_oid.text, now, now));
}

static void on_okx_text(Connection *c, const char *s, size_t size) {
    char reply[1024];
    Text id = {"", 0}, op, client_oid = {"", 0};
    long long now = wall_ms();
    if (size == 4 && !memcmp(s, "ping", 4)) {
        send_text(c, reply, snprintf(reply, sizeof reply, "pong"));
        return;
    }
    field(s, size, "id", &id);
    if (!field(s, size, "op", &op)) return;
    if (is(op, "login")) { /* it is not checked */
        send_text(c, reply, snprintf(reply, sizeof reply,
            "{\"event\":\"login\",\"msg\":\"\",\"code\":\"0\",\"connId\":\"a4d3ae55\"}"));
        c->logged_in = 1;
        return;
    }
    field(s, size, "clOrdId", &client_oid);
    send_text(c, reply, snprintf(reply, sizeof reply,
        "{\"id\":\"%.*s\",\"op\":\"%.*s\",\"code\":\"0\",\"msg\":\"\",\"data\":[{\"clOrdId\":\"%.*s\",\"ordId\":"
        "\"680800019749904384\",\"tag\":\"\",\"ts\":\"%lld\",\"sCode\":\"0\",\"sMsg\":\"\",\"subCode\":\"\"}],"
        "\"inTime\":\"%lld000\",\"outTime\":\"%lld000\"}",
        id.size, id.text, op.size, op.text, client_oid.size, client_oid.text, now, now, now));
}

/* WebSocket frames from the client */

static void read_frames(Connection *c) {
    while (!c->finishing) {
        unsigned char *p = (unsigned char *)c->in.bytes + c->in.start;
        size_t have = c->in.end - c->in.start, head = 2, size;
        if (have < 2) return;
        int opcode = p[0] & 15, masked = p[1] & 128;
        size = p[1] & 127;
        if (size == 126) {
            if (have < 4) return;
            size = (size_t)p[2] << 8 | p[3];
            head = 4;
        } else if (size == 127) {
            if (have < 10) return;
            size = 0;
            for (int i = 2; i < 10; i++) size = size << 8 | p[i];
            head = 10;
        }
        if (!masked || size > MAX_FRAME) {
            c->dead = 1;
            return;
        }
        if (have < head + 4 + size) return;
        unsigned char *mask = p + head, *payload = p + head + 4;
        for (size_t i = 0; i < size; i++) payload[i] ^= mask[i & 3];
        c->in.start += head + 4 + size;
        if (opcode == 1 && c->kind == STREAM) on_stream_text(c, (char *)payload, size);
        else if (opcode == 1 && c->kind == OKX) on_okx_text(c, (char *)payload, size);
        else if (opcode == 1) on_private_text(c, (char *)payload, size);
        else if (opcode == 9) send_frame(c, 10, (char *)payload, size);
        else if (opcode == 8) {
            c->flood_left = 0;
            send_frame(c, 8, (char *)payload, size);
            release_late(c);
            finish(c);
        }
    }
}

/* HTTP */

static const char *header_value(const char *head, const char *name, size_t *size) {
    size_t name_size = strlen(name);
    for (const char *line = head; (line = strstr(line, "\r\n")); ) {
        line += 2;
        if (strncasecmp(line, name, name_size) || line[name_size] != ':') continue;
        const char *value = line + name_size + 1;
        while (*value == ' ') value++;
        *size = strcspn(value, " \r\n");
        return value;
    }
    return NULL;
}

static void answer_http(Connection *c, const char *status, const char *body) {
    char text[2048];
    int size = snprintf(text, sizeof text,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
        status, strlen(body), body);
    send_bytes(c, text, (size_t)size);
    finish(c);
}

static void upgrade(Connection *c, const char *head, const char *target) {
    char text[512], key[29];
    size_t size;
    const char *client_key = header_value(head, "Sec-WebSocket-Key", &size);
    if (!client_key) {
        answer_http(c, "400 Bad Request", "{\"code\":\"400000\",\"msg\":\"Sec-WebSocket-Key is missing\"}");
        return;
    }
    accept_key(client_key, size, key);
    int n = snprintf(text, sizeof text,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        key);
    send_bytes(c, text, (size_t)n);
    if (!strncmp(target, "/stream", 7)) {
        const char *id = strstr(target, "connectId=");
        int id_size = id ? (int)strcspn(id + 10, "& ") : 0;
        if (id_size > 128) id_size = 128;
        c->kind = STREAM;
        send_text(c, text, snprintf(text, sizeof text, "{\"id\":\"%.*s\",\"type\":\"welcome\"}",
                                    id_size ? id_size : 5, id_size ? id + 10 : "bench"));
    } else if (!strncmp(target, "/ws/v5/", 7)) {
        c->kind = OKX;
    } else {
        c->kind = PRIVATE;
        send_text(c, text, snprintf(text, sizeof text, "{\"sessionId\":\"bench\",\"timestamp\":%lld}",
                                    (long long)wall_ms()));
    }
}

static void read_http(Connection *c) {
    char *head = c->in.bytes + c->in.start, body[512];
    size_t have = c->in.end - c->in.start, size = 0;
    char *head_end = memmem(head, have, "\r\n\r\n", 4);
    if (!head_end) {
        if (have > READ_SIZE) c->dead = 1;
        return;
    }
    size_t head_size = (size_t)(head_end - head) + 4;
    head_end[2] = 0; /* ends the text after the last header's line end */
    const char *length = header_value(head, "Content-Length", &size);
    size_t body_size = length ? (size_t)atol(length) : 0;
    if (have < head_size + body_size) {
        head_end[2] = '\r';
        if (body_size > READ_SIZE) c->dead = 1;
        return;
    }
    char *target = strchr(head, ' ');
    target = target ? target + 1 : head;
    char *target_end = target + strcspn(target, " \r");
    if (!strncmp(target, "/stream", 7) || !strncmp(target, "/v1/private", 11) ||
        !strncmp(target, "/ws/v5/", 7)) {
        if (header_value(head, "Upgrade", &size)) {
            *target_end = 0;
            upgrade(c, target_end + 1, target);
            c->in.start += head_size + body_size;
            return;
        }
    }
    c->in.start += head_size + body_size;
    if (!strncmp(target, "/api/v1/bullet-p", 16)) {
        snprintf(body, sizeof body,
            "{\"code\":\"200000\",\"data\":{\"token\":\"benchmark-token\",\"instanceServers\":[{\"endpoint\":"
            "\"ws%s://127.0.0.1:%d/stream\",\"encrypt\":%s,\"protocol\":\"websocket\",\"pingInterval\":18000,"
            "\"pingTimeout\":10000}]}}", scheme_suffix, port, *scheme_suffix ? "true" : "false");
        answer_http(c, "200 OK", body);
    } else if (!strncmp(target, "/api/v1/timestamp", 17)) {
        snprintf(body, sizeof body, "{\"code\":\"200000\",\"data\":%lld}", (long long)wall_ms());
        answer_http(c, "200 OK", body);
    } else {
        answer_http(c, "404 Not Found", "{\"code\":\"404000\",\"msg\":\"Url Not Found\"}");
    }
}

/* Connections */

static void open_connection(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0) return;
    if (connection_count == MAX_CONNECTIONS) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *c = calloc(1, sizeof *c);
    if (!c) die("calloc");
    c->fd = fd;
#ifdef WITH_TLS
    if (tls) {
        c->ssl = SSL_new(tls);
        c->from_net = BIO_new(BIO_s_mem());
        c->to_net = BIO_new(BIO_s_mem());
        if (!c->ssl || !c->from_net || !c->to_net) die("SSL_new");
        SSL_set_bio(c->ssl, c->from_net, c->to_net);
        SSL_set_accept_state(c->ssl);
    }
#endif
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
    connections[connection_count++] = c;
}

static void drop_connection(int index) {
    Connection *c = connections[index];
    connections[index] = connections[--connection_count];
#ifdef WITH_TLS
    if (c->ssl) SSL_free(c->ssl);
#endif
    close(c->fd);
    free(c->in.bytes);
    free(c->out.bytes);
    free(c->late.bytes);
    free(c->flood_frame);
    free(c->symbols);
    free(c);
}

static void on_readable(Connection *c) {
    ssize_t n;
#ifdef WITH_TLS
    if (c->ssl) {
        char raw[READ_SIZE];
        n = recv(c->fd, raw, sizeof raw, 0);
        if (n > 0) {
            BIO_write(c->from_net, raw, (int)n);
            for (;;) {
                int got = SSL_read(c->ssl, reserve(&c->in, READ_SIZE), READ_SIZE);
                if (got > 0) {
                    c->in.end += (size_t)got;
                    continue;
                }
                int why = SSL_get_error(c->ssl, got);
                if (why == SSL_ERROR_ZERO_RETURN && !c->finishing) finish(c);
                if (why == SSL_ERROR_SSL) c->dead = 1;
                ERR_clear_error();
                break;
            }
        }
    } else
#endif
    {
        n = recv(c->fd, reserve(&c->in, READ_SIZE), READ_SIZE, 0);
        if (n > 0) c->in.end += (size_t)n;
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        c->dead = 1;
        return;
    }
    if (c->kind == HTTP && !c->finishing) read_http(c);
    if (c->kind != HTTP) read_frames(c);
}

#ifdef WITH_TLS
static void add_extension(X509 *cert, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension || !X509_add_ext(cert, extension, -1)) die("certificate");
    X509_EXTENSION_free(extension);
}

static void start_tls(const char *certificate_path) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    tls = SSL_CTX_new(TLS_server_method());
    if (!key || !cert || !tls) die("TLS set-up");
    uint64_t serial = 1;
    if (RAND_bytes((unsigned char *)&serial, sizeof serial) != 1) die("RAND_bytes");
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"benchmark server", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_key_usage, "critical,digitalSignature,keyCertSign");
    add_extension(cert, NID_subject_key_identifier, "hash");
    add_extension(cert, NID_authority_key_identifier, "keyid");
    add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    if (!X509_sign(cert, key, EVP_sha256())) die("X509_sign");
    FILE *file = fopen(certificate_path, "w");
    if (!file || !PEM_write_X509(file, cert) || fclose(file)) die(certificate_path);
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_num_tickets(tls, 0);
    if (SSL_CTX_use_certificate(tls, cert) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1) die("SSL_CTX_use");
    scheme_suffix = "s";
}
#endif

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 64)) die("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size)) die("getsockname");
    port = ntohs(address.sin_port);
    return fd;
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set)) die("sched_setaffinity");
}

static void serve(int listener) {
    struct epoll_event events[MAX_CONNECTIONS + 2];
    for (;;) {
        int n = epoll_wait(epoll_fd, events, MAX_CONNECTIONS + 2, connection_count ? 0 : -1);
        for (int i = 0; i < n; i++) {
            void *who = events[i].data.ptr;
            if (who == &port) open_connection(listener);
            else if (who == &epoll_fd) {
                char ignored[64];
                if (read(0, ignored, sizeof ignored) <= 0) return;
            } else {
                Connection *c = who;
                if (events[i].events & ~EPOLLOUT) on_readable(c);
                if (!c->dead) flush(c);
            }
        }
        for (int i = connection_count - 1; i >= 0; i--) {
            Connection *c = connections[i];
            if (!c->dead && c->flood_left && c->flood_interval_ns) send_due(c);
            if (!c->dead && c->late.start < c->late.end) {
                release_late(c);
                flush(c);
            }
            if (c->dead) drop_connection(i);
        }
    }
}

int main(int argc, char **argv) {
    unsigned seconds = 600;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            fprintf(stderr, "%s needs a value\n", argv[i]);
            return 2;
        }
        const char *value = argv[i + 1];
        if (!strcmp(argv[i], "--core")) pin(atoi(value));
        else if (!strcmp(argv[i], "--delay-us")) delay_us = atol(value);
        else if (!strcmp(argv[i], "--frames-per-record")) frames_per_record = atol(value);
        else if (!strcmp(argv[i], "--max-seconds")) seconds = (unsigned)atoi(value);
#ifdef WITH_TLS
        else if (!strcmp(argv[i], "--tls")) start_tls(value);
#endif
        else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    alarm(seconds);
    int listener = listen_on_loopback();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event on_listener = {.events = EPOLLIN, .data.ptr = &port};
    struct epoll_event on_stdin = {.events = EPOLLIN, .data.ptr = &epoll_fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &on_listener)) die("epoll_ctl");
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &on_stdin)) die("standard input must be a pipe");
    printf("PORT %d\n", port);
    fflush(stdout);
    serve(listener);
    return 0;
}
