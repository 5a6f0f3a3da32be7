# SPDX-License-Identifier: Apache-2.0
"""What integrations ask for with .get(). There are no Spaces here: current_space_id stays None."""

import contextvars

current_run = contextvars.ContextVar("current_run", default=None)
current_project = contextvars.ContextVar("current_project", default=None)
current_server = contextvars.ContextVar("current_server", default=None)
current_space_id = contextvars.ContextVar("current_space_id", default=None)
current_server_write_token = contextvars.ContextVar("current_server_write_token", default=None)
