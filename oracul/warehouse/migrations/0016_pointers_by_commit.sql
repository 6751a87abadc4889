-- How fresh a chain is depends on its newest pointers alone: they are found without reading all.
alter table meta.canonical_blocks add index if not exists by_commit committed_at type minmax granularity 1;
alter table meta.canonical_blocks materialize index by_commit;
