# SPDX-License-Identifier: Apache-2.0
"""A database for `query project`, with things in it that nobody may change, and its users."""


def make_role(stored, name):
    """Roles belong to the server, which may have served another file's database before."""
    if not stored.db.value("select count(*) from pg_roles where rolname = %s", name):
        stored.db.query(f"create role {name} login")


def fill(stored):
    """tocsin_reader; member: may also act as it; stranger: may not; mighty: could leave its role."""
    stored.run("p", "r", 11)
    stored.log(11, ["loss"], [(s, s, [s / 10]) for s in range(5)])
    stored.alert(11, "bell", url="https://hooks.example/secret")
    stored.run("other", "r", 12)
    stored.db.query("create table public.planted (x int)")
    stored.db.query("grant all on public.planted to public")
    stored.db.query("create sequence public.counter")
    stored.db.query("grant all on sequence public.counter to public")
    make_role(stored, "member")
    stored.db.query("grant tocsin_reader to member")
    stored.db.query("grant select, insert, update, delete on all tables in schema tocsin to member")
    stored.db.query("grant usage on schema tocsin to member")
    make_role(stored, "stranger")
    stored.db.query("grant usage on schema tocsin to stranger")
    stored.db.query("grant select on tocsin.runs_overview to stranger")
    make_role(stored, "mighty")
    stored.db.query("grant tocsin_reader, pg_write_server_files to mighty")


def query(stored, sql, *argv, dsn=None):
    argv = [*argv, "--dsn", dsn] if dsn else argv
    return stored.cli("query", "project", "--project", "p", "--sql", sql, *argv)
