-- What must exist before the first migration: roles, schema, and the table of applied migrations.
-- Run by migrate_apply() in one transaction; every statement is fine when its object exists.

-- Spares runners that start together an error. That migrations run once does not depend on it:
-- they take a lock on schema_version.
select pg_advisory_xact_lock(hashtext('tocsin migrate'));

do $$
declare
  role_name text;
begin
  foreach role_name in array array['tocsin_owner', 'tocsin_collector', 'tocsin_reader'] loop
    -- Roles belong to the whole server: another database's runner may be making them right now.
    begin
      if not exists (select from pg_roles where rolname = role_name) then
        execute format('create role %I login', role_name);
      end if;
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise insufficient_privilege using message = format(
          'there is no role %I and %I may not create it; migrate once as a superuser or as a user '
          'with CREATEROLE', role_name, current_user);
    end;
    -- Who migrates may also act as each of them, so that a managed server's one user is enough.
    -- Granted even to who is a member already: since PostgreSQL 16 that need not include SET ROLE.
    begin
      if role_name <> current_user
         and not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant %I to current_user', role_name);
      end if;
    exception when insufficient_privilege or unique_violation then
      null;
    end;
    -- What the role finds with any client, such as psql or Grafana. Our own programs do not need
    -- it, so a user who may not alter roles can still migrate.
    begin
      execute format('alter role %I in database %I set search_path = tocsin',
                     role_name, current_database());
    exception when insufficient_privilege then
      null;
    end;
  end loop;
  begin
    execute format('alter role tocsin_reader in database %I set default_transaction_read_only = on',
                   current_database());
    execute format('alter role tocsin_reader in database %I set statement_timeout = ''60s''',
                   current_database());
  exception when insufficient_privilege then
    null;
  end;
  if not exists (select from pg_namespace where nspname = 'tocsin') then
    create schema tocsin authorization tocsin_owner;
  end if;
end $$;

set local role tocsin_owner;
grant usage on schema tocsin to tocsin_collector, tocsin_reader;
create table if not exists tocsin.schema_version (
  version  integer primary key,
  name     text not null,
  checksum text not null,
  applied  timestamptz not null default now());
grant select on tocsin.schema_version to tocsin_collector, tocsin_reader;
