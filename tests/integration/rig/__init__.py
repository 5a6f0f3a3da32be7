# SPDX-License-Identifier: Apache-2.0
"""The rig of the integration tests: a PostgreSQL of its own, the programs under test, a fake emitter.

conftest.py hands these out as fixtures. Every process is started here, by rig.process, so that
nothing outlives the test that started it.
"""
