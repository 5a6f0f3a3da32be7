-- Whether a text is the URL of something in the web. $1 URL. Columns: is_url.
select endpoint_shown($1::text) like 'http%' as is_url
