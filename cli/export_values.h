/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXPORT_VALUES_H
#define CLI_EXPORT_VALUES_H

/* The columns of export_values.sql. */

enum export_column {
    EXPORT_RUN,
    EXPORT_RUN_ID,
    EXPORT_RANK,
    EXPORT_ATTEMPT,
    EXPORT_STEP,
    EXPORT_TIME,
    EXPORT_NAME,
    EXPORT_VALUE,
    EXPORT_COLUMNS
};

#endif
