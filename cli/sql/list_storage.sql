-- What each project takes, the largest first. $1 how many. Columns: project, points (values that are stored), bytes (an
-- estimate: storage_overview).
select project, points, bytes from storage_overview order by bytes desc, project limit $1::bigint
