-- sql/find_new_name.sql
-- What a project is called that had this name once. $1 name. Columns: name.
select project as name from project_names where name = $1::text and former
