/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/message.h"

#include <stdlib.h>
#include <string.h>

struct message *message_new(size_t len, const void *bytes) {
    struct message *message = malloc(sizeof *message + len);
    if (!message) {
        abort();
    }
    message->next = NULL;
    message->settled = false;
    message->len = len;
    if (len > 0) {
        memcpy(message->bytes, bytes, len);
    }
    return message;
}

size_t message_cost(const struct message *message) {
    return sizeof *message + message->len;
}
