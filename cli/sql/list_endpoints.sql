-- Endpoints: of one project those that take its alerts, or all. $1 project or null.
-- Columns: id, url (as it may be shown), kind, project (null: all), min_level, enabled, why_disabled,
-- waiting, last_state, last_status, last_answer, last_message, repeat_s, signed, failures, origin, created.
select endpoint_id::text as id, url, kind, project, min_level, enabled, why_disabled, waiting,
       last_state, last_status, last_answer, last_message, repeat_s, signed, failures, origin, created
  from endpoints_overview
 where $1::text is null or project = $1 or project is null
 order by project nulls first, endpoint_id
