/* SPDX-License-Identifier: Apache-2.0 */

/* Applies the retention as the compactor does: retention_probe <dsn>, until nothing is due. Prints
 * a line for each transaction, so that a test can end it between two, or in one. */

#include <stdio.h>

#include "collector/compact/retention.h"
#include "collector/session.h"

int main(int argc, char **argv) {
    struct pg *pg = NULL;
    struct why why = {""};
    bool more = true;
    enum err err = argc == 2 ? session_ensure(argv[1], "retention_probe", &pg, &why) : ERR_CONFIG;
    for (int i = 1; err == ERR_OK && more; i++) {
        err = retention_apply(pg, &more, &why);
        printf("%d\n", i);
        fflush(stdout);
    }
    session_drop(&pg);
    if (err != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
    }
    return err == ERR_OK ? 0 : 1;
}
