-- $1 version, $2 name, $3 checksum
insert into tocsin.schema_version (version, name, checksum) values ($1::integer, $2, $3);
