-- What a day was built from was read after this instant, so it can be told whether an input changed since.
alter table meta.built_days add column if not exists began_at DateTime64(3, 'UTC') default built_at comment 'when the build that made the day began to read its inputs' after code_version;
