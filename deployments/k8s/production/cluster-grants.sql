-- Run once as `default`, after deployments/clickhouse/sql: what a cluster asks of the pipeline besides.
grant cluster on *.* to oracul_writer;
-- dbt looks up on which replicas a table is.
grant remote on *.* to oracul_writer;
grant select on system.databases to oracul_writer;
grant table engine on ReplicatedMergeTree to oracul_writer;
grant table engine on ReplicatedReplacingMergeTree to oracul_writer;
-- Before tables are exchanged, each replica has all of them.
grant system sync replica on curated.* to oracul_writer;
grant system sync replica on marts.* to oracul_writer;
grant system sync replica on marts_next.* to oracul_writer;
