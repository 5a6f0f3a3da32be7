/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAULTS_SETBACK_H
#define TESTS_FAULTS_SETBACK_H

/* A program that links this has a wall clock of its own: each signal sets it back by an hour. */
void setback_on(int signal_number);

#endif
