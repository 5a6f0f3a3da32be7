/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target without libFuzzer: every file of a folder, then a number of mutations of them.
 * The mutations are the same in every run, so a failure here can be repeated. */

#include <dirent.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_BYTES_MAX (1024 * 1024 + 4096)
#define MUTATIONS_MAX   4 /* of one input */

struct input {
    size_t len;
    uint8_t bytes[INPUT_BYTES_MAX];
};

static struct input seed, mutant;
static uint64_t random_state = 1;

/* xorshift64 (Marsaglia). */
static uint64_t random_below(uint64_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return n > 0 ? random_state % n : 0;
}

/* The target gets memory of exactly that length, so that AddressSanitizer sees each read past it.
 */
static void run(const struct input *input) {
    uint8_t *copy = malloc(input->len > 0 ? input->len : 1);
    FUZZ_MUST(copy != NULL);
    memcpy(copy, input->bytes, input->len);
    LLVMFuzzerTestOneInput(copy, input->len);
    free(copy);
}

static void flip_bit(struct input *in) {
    in->bytes[random_below(in->len)] ^= (uint8_t)(1U << random_below(8));
}

static void set_byte(struct input *in) {
    in->bytes[random_below(in->len)] = (uint8_t)random_below(256);
}

/* Bytes on which a parser of msgpack turns: ends of ranges and headers of every width. */
static void set_interesting(struct input *in) {
    static const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                                    0xc4, 0xc5, 0xc6, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd3,
                                    0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff};
    in->bytes[random_below(in->len)] = bytes[random_below(sizeof bytes)];
}

static void cut(struct input *in) {
    in->len = 1 + random_below(in->len);
}

static void drop_bytes(struct input *in) {
    const size_t at = random_below(in->len);
    const size_t n = random_below(in->len - at < 9 ? in->len - at : 9);
    memmove(in->bytes + at, in->bytes + at + n, in->len - at - n);
    in->len -= n;
}

static void repeat_bytes(struct input *in) {
    const size_t at = random_below(in->len);
    const size_t n = random_below(in->len - at < 33 ? in->len - at : 33);
    if (in->len + n <= INPUT_BYTES_MAX) {
        memmove(in->bytes + at + n, in->bytes + at, in->len - at);
        in->len += n;
    }
}

static void fill_high(struct input *in) {
    const size_t at = random_below(in->len);
    memset(in->bytes + at, 0xff, in->len - at < 8 ? in->len - at : 8);
}

static void (*const mutations[])(struct input *in) = {
    flip_bit, set_byte, set_interesting, cut, drop_bytes, repeat_bytes, fill_high,
};

static void run_mutants(unsigned long n) {
    for (unsigned long i = 0; i < n && seed.len > 0; i++) {
        mutant.len = seed.len;
        memcpy(mutant.bytes, seed.bytes, seed.len);
        for (uint64_t m = 1 + random_below(MUTATIONS_MAX); m > 0 && mutant.len > 0; m--) {
            mutations[random_below(sizeof mutations / sizeof mutations[0])](&mutant);
        }
        run(&mutant);
    }
}

static void read_seed(const char *dir, const char *name) {
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    FUZZ_MUST(n > 0 && (size_t)n < sizeof path);
    FILE *file = fopen(path, "rb");
    FUZZ_MUST(file != NULL);
    seed.len = fread(seed.bytes, 1, sizeof seed.bytes, file);
    fclose(file);
}

static int is_seed(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s SEEDS MUTATIONS\n", argv[0]);
        return 2;
    }
    struct dirent **entries = NULL;
    const int seeds = scandir(argv[1], &entries, is_seed, alphasort);
    if (seeds <= 0) {
        fprintf(stderr, "no seeds in %s\n", argv[1]);
        return 2;
    }
    const unsigned long mutants = strtoul(argv[2], NULL, 10) / (unsigned long)seeds;
    for (int i = 0; i < seeds; i++) {
        read_seed(argv[1], entries[i]->d_name);
        run(&seed);
        run_mutants(mutants);
        free(entries[i]);
    }
    free(entries);
    printf("%d seeds, %lu mutations of each\n", seeds, mutants);
    return 0;
}
