-- No parameters. Columns: deliveries that wait to be put into a message, messages that wait to be
-- taken.
select (select count(*) from deliveries where state = 'waiting'),
       (select count(*) from messages where state = 'waiting');
