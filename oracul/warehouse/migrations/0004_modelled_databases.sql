-- Filled by dbt; made here so that readers can be granted rights on them before the first build.
create database if not exists staging comment 'canonical rows of raw, renamed and typed (dbt)';
create database if not exists curated comment 'decoded, priced and unioned (dbt)';
create database if not exists marts comment 'what people and tools read (dbt)';
