-- Settings that come with each role. Oracul sets the first four in its own sessions as well.
create settings profile if not exists oracul_writer settings
    join_use_nulls = 1,
    async_insert = 0,
    input_format_null_as_default = 0,
    insert_deduplicate = 0,
    do_not_merge_across_partitions_select_final = 1,
    session_timezone = 'UTC',
    max_memory_usage = 8000000000,
    max_bytes_before_external_group_by = 4000000000,
    max_bytes_before_external_sort = 4000000000,
    max_execution_time = 3600,
    max_concurrent_queries_for_user = 64;

-- The same bounds as the embedded warehouse's `reader`. A readonly user can change no setting.
create settings profile if not exists oracul_reader settings
    readonly = 1,
    allow_ddl = 0,
    allow_introspection_functions = 0,
    join_use_nulls = 1,
    do_not_merge_across_partitions_select_final = 1,
    session_timezone = 'UTC',
    max_execution_time = 60,
    timeout_overflow_mode = 'throw',
    max_memory_usage = 2000000000,
    max_memory_usage_for_user = 4000000000,
    max_result_rows = 1000000,
    max_result_bytes = 2000000000,
    result_overflow_mode = 'throw',
    max_threads = 4,
    max_concurrent_queries_for_user = 16;

-- A backup or restore takes as long as it takes.
create settings profile if not exists oracul_backup settings
    max_execution_time = 0;
