# SPDX-License-Identifier: Apache-2.0
"""Callbacks and loggers for training frameworks; none of them is imported by tocsin itself."""
