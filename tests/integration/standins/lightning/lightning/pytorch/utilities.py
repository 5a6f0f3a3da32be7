# SPDX-License-Identifier: Apache-2.0
"""Stand-in for Lightning's rank_zero_only: a decorator that knows the rank."""


def rank_zero_only(function):
    def call(*args, **kwargs):
        return function(*args, **kwargs) if rank_zero_only.rank == 0 else None
    return call


rank_zero_only.rank = 0
