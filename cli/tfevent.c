/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tfevent.h"

#include <string.h>

/* Protocol buffers: a message is a row of fields, each with a number and one of four forms. */
enum form { FORM_VARINT = 0, FORM_64 = 1, FORM_BYTES = 2, FORM_32 = 5 };

struct field {
    uint64_t number;
    enum form form;
    uint64_t bits;    /* of the first, second and last form */
    struct str bytes; /* of the third */
};

static bool take_varint(struct str *s, uint64_t *out) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (s->len == 0) {
            return false;
        }
        const uint8_t byte = (uint8_t)*s->ptr;
        s->ptr++;
        s->len--;
        v |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct str *s, uint64_t len, struct str *out) {
    if (len > s->len) {
        return false;
    }
    *out = (struct str){.ptr = s->ptr, .len = (size_t)len};
    s->ptr += len;
    s->len -= (size_t)len;
    return true;
}

static uint64_t load(struct str bytes) {
    uint64_t v = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        v |= (uint64_t)(uint8_t)bytes.ptr[i] << (8 * i);
    }
    return v;
}

static bool take_fixed(struct str *s, size_t len, uint64_t *out) {
    struct str bytes;
    if (!take_bytes(s, len, &bytes)) {
        return false;
    }
    *out = load(bytes);
    return true;
}

/* The message must not be empty. */
static bool take_field(struct str *message, struct field *out) {
    uint64_t key = 0;
    uint64_t len = 0;
    if (!take_varint(message, &key) || key >> 3 == 0) {
        return false;
    }
    *out = (struct field){.number = key >> 3, .form = (enum form)(key & 7)};
    switch (out->form) {
    case FORM_VARINT:
        return take_varint(message, &out->bits);
    case FORM_64:
        return take_fixed(message, 8, &out->bits);
    case FORM_BYTES:
        return take_varint(message, &len) && take_bytes(message, len, &out->bytes);
    case FORM_32:
        return take_fixed(message, 4, &out->bits);
    default:
        return false;
    }
}

static double double_of(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double float_of(uint64_t bits) {
    const uint32_t low = (uint32_t)bits;
    float v;
    memcpy(&v, &low, sizeof v);
    return (double)v;
}

/* Event */

enum event_field { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_SUMMARY = 5 };

static const struct {
    uint64_t number;
    const char *what;
} event_others[] = {{4, "graphs"}, {6, "log messages"}, {8, "run metadata"}, {9, "graphs"}};

static void note_other(struct tfevent *event, uint64_t number) {
    for (size_t i = 0; i < sizeof event_others / sizeof event_others[0]; i++) {
        if (event_others[i].number == number) {
            event->other = event_others[i].what;
        }
    }
}

bool tfevent_decode(struct str record, struct tfevent *out) {
    struct tfevent event = {0};
    while (record.len > 0) {
        struct field field;
        if (!take_field(&record, &field)) {
            return false;
        }
        if (field.number == EVENT_WALL_TIME && field.form == FORM_64) {
            event.wall_time = double_of(field.bits);
        } else if (field.number == EVENT_STEP && field.form == FORM_VARINT) {
            event.step = (int64_t)field.bits;
        } else if (field.number == EVENT_SUMMARY && field.form == FORM_BYTES) {
            event.summary = field.bytes;
        } else {
            note_other(&event, field.number);
        }
    }
    *out = event;
    return true;
}

/* Tensor */

enum tensor_field { TENSOR_TYPE = 1, TENSOR_CONTENT = 4, TENSOR_FLOAT = 5, TENSOR_DOUBLE = 6 };
enum tensor_type { TYPE_FLOAT = 1, TYPE_DOUBLE = 2 };

struct tensor {
    uint64_t type;
    struct str content; /* raw, or packed values of the type's own field */
    bool has_value;     /* one that is not packed */
    uint64_t value;
};

/* A field with the values of a type: packed, or one for each value. */
static void take_values(struct tensor *tensor, const struct field *field) {
    if (field->form == FORM_BYTES) {
        tensor->content = field->bytes;
    } else {
        tensor->has_value = true;
        tensor->value = field->bits;
    }
}

static bool read_tensor(struct str message, struct tensor *out) {
    while (message.len > 0) {
        struct field field;
        if (!take_field(&message, &field)) {
            return false;
        }
        if (field.number == TENSOR_TYPE) {
            out->type = field.bits;
        } else if (field.number == TENSOR_CONTENT || field.number == TENSOR_FLOAT ||
                   field.number == TENSOR_DOUBLE) {
            take_values(out, &field);
        }
    }
    return true;
}

/* Whether the tensor is one float or double. */
static bool is_scalar(const struct tensor *tensor, double *out) {
    const size_t width = tensor->type == TYPE_FLOAT ? 4 : tensor->type == TYPE_DOUBLE ? 8 : 0;
    const bool packed = tensor->content.len == width && !tensor->has_value;
    const bool single = tensor->content.len == 0 && tensor->has_value;
    if (width == 0 || (!packed && !single)) {
        return false;
    }
    const uint64_t bits = packed ? load(tensor->content) : tensor->value;
    *out = width == 4 ? float_of(bits) : double_of(bits);
    return true;
}

/* Value */

enum value_field {
    VALUE_TAG = 1,
    VALUE_SIMPLE = 2,
    VALUE_OLD_HISTOGRAM = 3,
    VALUE_IMAGE = 4,
    VALUE_HISTOGRAM = 5,
    VALUE_AUDIO = 6,
    VALUE_TENSOR = 8,
    VALUE_METADATA = 9,
};

static const struct {
    uint64_t number;
    const char *what;
} value_others[] = {{VALUE_OLD_HISTOGRAM, "histograms"},
                    {VALUE_IMAGE, "images"},
                    {VALUE_HISTOGRAM, "histograms"},
                    {VALUE_AUDIO, "audio"}};

static const char *other_of(uint64_t number) {
    for (size_t i = 0; i < sizeof value_others / sizeof value_others[0]; i++) {
        if (value_others[i].number == number) {
            return value_others[i].what;
        }
    }
    return NULL;
}

/* The plugin that a tensor was written for tells what it shows. */
static const char *plugin_of(struct str metadata) {
    static const char *const plugins[] = {"histograms", "images", "audio", "text", "hparams"};
    struct field data;
    struct field name;
    if (metadata.len == 0 || !take_field(&metadata, &data) || data.number != 1 ||
        data.form != FORM_BYTES || data.bytes.len == 0 || !take_field(&data.bytes, &name) ||
        name.number != 1 || name.form != FORM_BYTES) {
        return "tensors";
    }
    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        if (str_equal(name.bytes, str_of(plugins[i]))) {
            return plugins[i];
        }
    }
    return "tensors";
}

struct value {
    struct tfevent_value out;
    struct tensor tensor;
    struct str metadata;
    bool has_tensor;
};

static bool take_value_field(struct value *value, const struct field *field) {
    const bool bytes = field->form == FORM_BYTES;
    if (field->number == VALUE_TAG && bytes) {
        value->out.tag = field->bytes;
    } else if (field->number == VALUE_SIMPLE && field->form == FORM_32) {
        value->out.is_scalar = true;
        value->out.scalar = float_of(field->bits);
    } else if (field->number == VALUE_TENSOR && bytes) {
        value->has_tensor = true;
        return read_tensor(field->bytes, &value->tensor);
    } else if (field->number == VALUE_METADATA && bytes) {
        value->metadata = field->bytes;
    } else if (other_of(field->number) != NULL) {
        value->out.other = other_of(field->number);
    }
    return true;
}

static bool read_value(struct str message, struct tfevent_value *out) {
    struct value value = {.out = {.other = NULL}};
    while (message.len > 0) {
        struct field field;
        if (!take_field(&message, &field) || !take_value_field(&value, &field)) {
            return false;
        }
    }
    if (!value.out.is_scalar && value.has_tensor) {
        value.out.is_scalar = is_scalar(&value.tensor, &value.out.scalar);
        value.out.other = plugin_of(value.metadata);
    }
    if (value.out.other == NULL) {
        value.out.other = "values without content";
    }
    *out = value.out;
    return true;
}

bool tfevent_next(struct str *summary, bool *out_more, struct tfevent_value *out) {
    while (summary->len > 0) {
        struct field field;
        if (!take_field(summary, &field)) {
            return false;
        }
        if (field.number == 1 && field.form == FORM_BYTES) {
            *out_more = true;
            return read_value(field.bytes, out);
        }
    }
    *out_more = false;
    return true;
}
