-- What a followed chain landed lately is found without reading all of its logs.
alter table raw.logs add index if not exists by_landing ingested_at type minmax granularity 1;
-- Logs of before get it too, in the background; until then they are read.
alter table raw.logs materialize index by_landing;
