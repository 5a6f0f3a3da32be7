/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/* The options of the commands, as the table in commands.c names them. */

#include "cli/command.h"

extern const struct opt ack_opts[];
extern const struct opt alerts_opts[];
extern const struct opt authorize_opts[];
extern const struct opt client_key_opts[];
extern const struct opt delete_project_opts[];
extern const struct opt delete_run_opts[];
extern const struct opt deliveries_opts[];
extern const struct opt endpoint_add_opts[];
extern const struct opt endpoint_list_opts[];
extern const struct opt endpoint_test_opts[];
extern const struct opt export_opts[];
extern const struct opt help_opts[];
extern const struct opt import_opts[];
extern const struct opt import_trackio_opts[];
extern const struct opt mcp_opts[];
extern const struct opt metric_opts[];
extern const struct opt project_opts[];
extern const struct opt list_runs_opts[];
extern const struct opt list_metrics_opts[];
extern const struct opt prune_opts[];
extern const struct opt psql_opts[];
extern const struct opt compare_opts[];
extern const struct opt ranks_opts[];
extern const struct opt sweep_opts[];
extern const struct opt query_opts[];
extern const struct opt records_opts[];
extern const struct opt rename_project_opts[];
extern const struct opt rename_run_opts[];
extern const struct opt retention_list_opts[];
extern const struct opt retention_set_opts[];
extern const struct opt revoke_opts[];
extern const struct opt run_opts[];
extern const struct opt server_key_opts[];
extern const struct opt ship_opts[];
extern const struct opt show_opts[];
extern const struct opt silence_add_opts[];
extern const struct opt silence_list_opts[];
extern const struct opt skill_install_opts[];
extern const struct opt snapshot_opts[];
extern const struct opt system_metric_opts[];
extern const struct opt up_opts[];
extern const struct opt wait_opts[];

#endif
