-- 0007_alert_feed: alerts know their project, so that its newest alerts, and those behind a cursor, are
-- read by an index however many alerts there are.

alter table alerts add column project_id bigint constraint alerts_project_fk references projects;
update alerts a set project_id = r.project_id from runs r where r.run_id = a.run_id;
alter table alerts alter column project_id set not null;

drop index alerts_by_cursor;
create index alerts_by_project on alerts (project_id, time);
create index alerts_by_project_level on alerts (project_id, level, time);
create index alerts_by_project_cursor on alerts (project_id, xact, alert_id);

create view projects_overview as
  select name as project, project_id, created from projects;
grant select on projects_overview to tocsin_reader;

-- project_id: with it as a constant (select project_id from projects_overview where project = ...) the newest
-- alerts come straight from an index; the join with a name does not keep its order.
-- xact: the transaction that stored the alert. A reader that keeps a snapshot (pg_current_snapshot()) asks
-- for what is not visible in it, and misses nothing, whatever committed late. level_number: 0, 1, 2.
create or replace view alerts_feed as
  select a.xact, a.alert_id, p.name as project, r.name as run, a.run_id, a.rank, a.attempt, t.host,
         (array['info', 'warn', 'error'])[a.level + 1] as level, a.title, a.text, a.step, a.time,
         k.time as acknowledged, k.who as acknowledged_by, a.level as level_number, a.project_id
    from alerts a
    join runs r using (run_id)
    join projects p on p.project_id = a.project_id
    left join attempts t on t.run_id = a.run_id and t.rank = a.rank and t.attempt = a.attempt
    left join acks k on k.run_id = a.run_id and k.alert_id = a.alert_id;
