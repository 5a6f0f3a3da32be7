-- Before a user's own statement, inside its read-only transaction and already as tocsin_reader.
-- Taking a snapshot here also settles that the transaction stays read-only: PostgreSQL refuses to
-- change it after the first query.
-- $1 text: project, which the statement reads with current_setting('tocsin.project');
-- $2 text: its time limit. Columns: user, powerful (the user behind the role could get out of it).
select session_user as user, pg_has_role(session_user, 'pg_write_server_files', 'member')
         or pg_has_role(session_user, 'pg_execute_server_program', 'member') as powerful,
       set_config('tocsin.project', $1, true), set_config('statement_timeout', $2, true)
