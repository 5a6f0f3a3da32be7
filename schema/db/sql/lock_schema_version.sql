-- One runner at a time; readers are not disturbed.
lock table tocsin.schema_version in share row exclusive mode;
