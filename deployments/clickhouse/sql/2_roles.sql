-- Who may do what. tests/warehouse/test_hardening.py runs the whole main job with these rights.
create role if not exists oracul_writer settings profile 'oracul_writer';

-- The pipeline: migrations, landing, dbt, publication.
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on raw.* to oracul_writer;
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on meta.* to oracul_writer;
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on staging.* to oracul_writer;
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on curated.* to oracul_writer;
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on marts.* to oracul_writer;
grant show, select, insert, alter, create database, create table, create view, drop, truncate, optimize on marts_next.* to oracul_writer;
grant create temporary table on *.* to oracul_writer;
-- Great Expectations connects to `default` and names its tables in full.
grant show databases on default.* to oracul_writer;
-- With <table_engines_require_grant>, only these engines: none of them reaches files or networks.
grant table engine on MergeTree to oracul_writer;
grant table engine on ReplacingMergeTree to oracul_writer;
grant table engine on Memory to oracul_writer;
grant select on system.backups to oracul_writer;
grant select on system.columns to oracul_writer;
grant select on system.databases to oracul_writer;
grant select on system.disks to oracul_writer;
grant select on system.functions to oracul_writer;
grant select on system.numbers to oracul_writer;
grant select on system.one to oracul_writer;
grant select on system.parts to oracul_writer;
grant select on system.settings to oracul_writer;
grant select on system.tables to oracul_writer;
grant select on system.view_refreshes to oracul_writer;
grant select on information_schema.* to oracul_writer;

-- Backups, for a user of their own: they need the right to files, which the pipeline must not have.
create role if not exists oracul_backup settings profile 'oracul_backup';
grant oracul_writer to oracul_backup;
grant check, backup on raw.* to oracul_backup;
grant check, backup on meta.* to oracul_backup;
grant check, backup on curated.* to oracul_backup;
grant check, backup on marts.* to oracul_backup;
grant show, select, insert, alter, create database, create table, create view, drop, check, backup on backup_snapshot.* to oracul_backup;
grant show, select, insert, alter, create database, create table, create view, drop, check, backup on backup_restored.* to oracul_backup;
grant show, select, insert, alter, create database, create table, create view, drop, check, backup on backup_replaced.* to oracul_backup;
grant show, select, insert, alter, create database, create table, create view, drop, check, backup on backup_manifests.* to oracul_backup;
grant read, write on FILE to oracul_backup;

-- People and BI tools: what is modelled, and what such tools ask of the system.
create role if not exists oracul_reader settings profile 'oracul_reader';
grant select on curated.* to oracul_reader;
grant select on marts.* to oracul_reader;
grant select on information_schema.* to oracul_reader;
grant select on system.build_options to oracul_reader;
grant select on system.collations to oracul_reader;
grant select on system.columns to oracul_reader;
grant select on system.contributors to oracul_reader;
grant select on system.data_type_families to oracul_reader;
grant select on system.databases to oracul_reader;
grant select on system.formats to oracul_reader;
grant select on system.functions to oracul_reader;
grant select on system.keywords to oracul_reader;
grant select on system.licenses to oracul_reader;
grant select on system.numbers to oracul_reader;
grant select on system.one to oracul_reader;
grant select on system.settings to oracul_reader;
grant select on system.table_engines to oracul_reader;
grant select on system.table_functions to oracul_reader;
grant select on system.tables to oracul_reader;
grant select on system.time_zones to oracul_reader;
