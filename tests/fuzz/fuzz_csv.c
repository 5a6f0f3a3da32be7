/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CSV file: it is read to its end or refused with a sentence; records have equally
 * many cells, all of them texts; each record is found again where it was. And every cell as a time
 * and as a number. */

#include <string.h>

#include "cli/csv.h"
#include "cli/instant.h"
#include "tests/fuzz/fuzz.h"

static void check_cell(const char *cell) {
    int64_t ns = 0;
    double number = 0;
    FUZZ_MUST(!instant_parse(cell, &ns) || ns > 0);
    FUZZ_MUST(!instant_number(cell, &number) || cell[0] != '\0');
}

/* Goes back to the record that was read last: the same cells. */
static void check_again(struct csv *csv) {
    struct why why = {""};
    bool more = false;
    const uint64_t line = csv_line(csv);
    const size_t n = csv_cells_n(csv);
    char *first = strdup(csv_cell(csv, 0));
    FUZZ_MUST(first != NULL);
    FUZZ_MUST(csv_seek(csv, csv_offset(csv), line, &why) == ERR_OK);
    FUZZ_MUST(csv_read(csv, &more, &why) == ERR_OK && more);
    FUZZ_MUST(csv_line(csv) == line && csv_cells_n(csv) == n);
    FUZZ_MUST(strcmp(csv_cell(csv, 0), first) == 0);
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FILE *file = tmpfile();
    FUZZ_MUST(file != NULL && fwrite(data, 1, size, file) == size);
    rewind(file);
    struct csv *csv = csv_new(file, "fuzz.csv");
    struct why why = {""};
    bool more = true;
    size_t n = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK && more) {
        err = csv_read(csv, &more, &why);
        FUZZ_MUST((err == ERR_OK) == (why.text[0] == '\0'));
        if (err != ERR_OK || !more) {
            break;
        }
        n = n == 0 ? csv_cells_n(csv) : n;
        FUZZ_MUST(csv_cells_n(csv) == n && csv_next_offset(csv) <= size);
        for (size_t i = 0; i < n; i++) {
            check_cell(csv_cell(csv, i));
        }
        check_again(csv);
    }
    csv_free(csv);
    return 0;
}
