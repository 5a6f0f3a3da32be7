-- columns: version, checksum, in order
select version, checksum from tocsin.schema_version order by version;
